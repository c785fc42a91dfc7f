import fc from 'fast-check';
import { headers as natsHeaders, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, JSON_TYPE } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Family } from '../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { addressedSubjects, type Malformed, malformedOn, oversized } from '../support/malformed.ts';
import {
  expectReplays,
  expectUnharmed,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';

/**
 * Goal: whatever anybody sends on any subject is answered or ignored; nothing fails, and no later message is lost.
 * Method: a whole cluster; for every family of the registry, batches of junk from a user whom the broker does not confine;
 * after each batch good requests are answered by everybody, and after all of them no actor has failed and every
 * recording plays back.
 */
const families = Object.entries(SUBJECTS as Readonly<Record<string, Family>>);
let cluster: SimulatedCluster;
let nc: NatsConnection;
let sent = 0;

beforeAll(async () => {
  cluster = await startSimulatedCluster({ unconfined: ['anybody'] });
  nc = await cluster.connect('anybody');
  await cluster.client.create('namespaces', undefined, { metadata: { name: 'junk' } });
});
afterAll(async () => {
  await nc.close();
  await cluster.stop();
});

function headersOf(plain: Readonly<Record<string, string>>) {
  const made = natsHeaders();
  for (const [name, text] of Object.entries(plain)) made.set(name, text);
  return made;
}

/** A request to somebody who is there is answered by something that can be read, in the encoding that it names. */
async function expectAnswered({ subject, payload, headers, addressed }: Malformed): Promise<void> {
  try {
    const answer = await nc.request(subject, payload, { timeout: 10_000, headers: headersOf(headers) });
    const type = answer.headers?.get(HEADER.contentType);
    expect(decode(answer.data, type === '' ? JSON_TYPE : type)).toBeTypeOf('object');
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const nobody = !addressed && /no responders/.test(words);
    if (!nobody)
      throw new Error(`${subject} ${JSON.stringify(headers)} ${Buffer.from(payload).toString('hex').slice(0, 400)}`, {
        cause: error,
      });
  }
}

/** Everybody who answers requests answers this one. */
async function expectService(): Promise<void> {
  const { client } = cluster;
  const name = `good-${++sent}`;
  const [made] = await Promise.all([
    client.create<KubeObject>('configmaps', 'default', { metadata: { name }, data: { sent: String(sent) } }),
    client.applyManifest(
      'default',
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {n: "${sent}"}}`,
    ),
    ask(SUBJECTS.dispatch.subject(PREFIX, { node: 'n1' }), { node: 'n1' }).then((answer) =>
      expect(answer).toHaveProperty('digest'),
    ),
    ask(SUBJECTS.runtime.subject(PREFIX, { node: 'n1', op: 'list' }), {}).then((answer) =>
      expect(answer).toHaveProperty('sandboxes'),
    ),
    ask(SUBJECTS.nodeLogs.subject(PREFIX, { node: 'n1' }), { namespace: 'default', pod: 'nobody' }).then((answer) =>
      expect(answer).toMatchObject({ kind: 'Status', reason: 'NotFound' }),
    ),
  ]);
  expect(await client.get('configmaps', { namespace: 'default', name })).toEqual(made);
}
const ask = async (subject: string, body: unknown): Promise<unknown> =>
  (await nc.request(subject, JSON.stringify(body), { timeout: 10_000 })).json();

describe.each(families)('%s', (_name, family) => {
  it('takes any junk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(malformedOn(family, PREFIX), { minLength: 20, maxLength: 40 }), async (batch) => {
        for (const { subject, payload, headers } of batch)
          nc.publish(subject, payload, { headers: headersOf(headers) });
        if (family.mode === 'request') await Promise.all(batch.map(expectAnswered));
        else await nc.flush();
        await expectService();
      }),
      { numRuns: 10, endOnFailure: true },
    );
    await expectUnharmed(cluster);
  });

  it('takes what is far too large', async () => {
    const [subject = ''] = addressedSubjects(family, PREFIX);
    // Of the largest that the broker carries only some: all of it goes into the journal too.
    const messages = [...oversized(1.6 * 1024 * 1024), ...oversized(7.9 * 1024 * 1024).slice(-2)];
    for (const { type, payload } of messages) {
      const headers = type === undefined ? {} : { [HEADER.contentType]: type };
      if (family.mode === 'request') await expectAnswered({ subject, payload, headers, addressed: true });
      else nc.publish(subject, payload, { headers: headersOf(headers) });
    }
    await expectService();
    await expectUnharmed(cluster);
  });
});

it('pods still run, and every recording plays back', async () => {
  await expectReplays(cluster, { rubbish: true });
}, 60_000);
