import fc from 'fast-check';
import { type NatsConnection, headers as natsHeaders } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { decode, encode, JSON_TYPE } from '../../contracts/codec/codec.ts';
import type { Status } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import { isPlain, type Plain } from '../../contracts/json-values.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { below, type Family } from '../../contracts/subjects/family.ts';
import { askersInbox, INBOX_ROOT, inboxPrefix } from '../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { untoken } from '../../contracts/subjects/token.ts';
import { nodeUser } from '../../contracts/subjects/users.ts';
import { MAX_PAYLOAD_BYTES } from '../../ops/boot/nats/nats-config.ts';
import { addressedSubjects, type Malformed, malformedOn, mustBeRefused, oversized } from '../support/malformed.ts';
import {
  expectReplays,
  expectUnharmed,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';

vi.setConfig({ testTimeout: STORY_MS });

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
  cluster = await startSimulatedCluster({ further: { anybody: { publish: ['>'], subscribe: ['_INBOX.>'] } } });
  nc = await cluster.connect('anybody');
  await cluster.client.create('namespaces', undefined, { metadata: { name: 'junk' } });
  await cluster.client.create('clusterrolebindings', undefined, {
    metadata: { name: 'anybody' },
    roleRef: { kind: 'ClusterRole', name: 'cluster-admin' },
    subjects: [{ kind: 'User', name: 'anybody' }],
  });
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

const NODES_ASK = families
  .filter(([, family]) => family.askedByNode === true)
  .map(([, family]) => below(family, PREFIX));

const EDGE = below(SUBJECTS.edge, PREFIX).slice(0, -1);

/** Where the answer goes when only the node or the gateway that the subject names may ask. */
function askersReply(subject: string): string | undefined {
  if (subject.startsWith(EDGE)) return `${inboxPrefix(untoken(subject.split('.')[2] ?? '') ?? 'nobody')}.${++sent}`;
  const isNodes = NODES_ASK.some((pattern) => subject.startsWith(pattern.slice(0, -1)));
  return isNodes ? `${INBOX_ROOT}.${nodeUser(subject.split('.')[2] ?? '')}.${++sent}` : undefined;
}

/** The answer to a request, in the encoding that it names: an object; one that is a Status is a whole one. */
async function answerTo({ subject, payload, headers }: Omit<Malformed, 'addressed'>): Promise<Plain> {
  const options = { timeout: 10_000, headers: headersOf(headers) };
  const reply = askersReply(subject);
  const message = await nc.request(
    subject,
    payload,
    reply === undefined ? options : { ...options, noMux: true, reply },
  );
  const type = message.headers?.get(HEADER.contentType);
  const answer = decode(message.data, type === '' ? JSON_TYPE : type);
  if (!isPlain(answer)) throw new Error(`answered with ${JSON.stringify(answer)}`);
  if (answer['kind'] === 'Status') expect(answer).toEqual(expect.objectContaining(STATUS));
  return answer;
}
const STATUS = {
  apiVersion: 'v1',
  kind: 'Status',
  status: expect.stringMatching(/^(Failure|Success)$/) as string,
  message: expect.any(String) as string,
  code: expect.any(Number) as number,
};

/** Statuses of what was refused: the whole, or every document of a manifest; undefined where something was not. */
function refusalsIn(answer: Plain): readonly Status[] | undefined {
  const statuses =
    answer['kind'] === 'ApplyResult'
      ? (answer['items'] as readonly { readonly status?: Status }[]).map(({ status }) => status)
      : [answer as unknown as Status];
  const refused = statuses.filter((one) => one?.kind === 'Status' && one.status === 'Failure' && one.message !== '');
  return refused.length === statuses.length ? (refused as readonly Status[]) : undefined;
}

/** A request to somebody who is there is answered, and refused when it cannot be understood; nothing fails inside. */
async function expectAnswered(family: Family, message: Malformed): Promise<void> {
  const { subject, payload, headers, addressed } = message;
  const reply = askersReply(subject) ?? `${inboxPrefix('anybody')}.elsewhere`;
  // In another's name: nobody answers that here.
  if (askersInbox(family, PREFIX)?.(subject, reply) === false) {
    nc.publish(subject, payload, { headers: headersOf(headers), reply });
    return;
  }
  try {
    const answer = await answerTo(message);
    const refusals = refusalsIn(answer);
    if (mustBeRefused(family, message) && refusals === undefined)
      throw new Error(`taken for good: ${JSON.stringify(answer).slice(0, 400)}`);
    if (refusals?.some(({ code }) => code === 500) === true)
      throw new Error(`failed inside: ${JSON.stringify(answer).slice(0, 400)}`);
  } catch (error) {
    const words = error instanceof Error ? error.message : String(error);
    const nobody = !addressed && /no responders/.test(words);
    if (!nobody)
      throw new Error(
        `${words}: ${subject} ${JSON.stringify(headers)} ${Buffer.from(payload).toString('hex').slice(0, 400)}`,
        { cause: error },
      );
  }
}

/** What limits objects refuses with 413; who limits nothing refuses what it cannot understand, and passes over fields that it does not know. */
async function expectTooLarge(family: Family, message: Omit<Malformed, 'addressed'>): Promise<void> {
  const refusals = refusalsIn(await answerTo(message));
  const where = `${message.subject} ${JSON.stringify(message.headers)}`;
  if ([SUBJECTS.api.template, SUBJECTS.edge.template].includes(family.template as never))
    expect(refusals, where).toMatchObject([{ code: 413 }]);
  else if (mustBeRefused(family, message)) expect(refusals, where).toMatchObject([{ code: 400 }]);
  else if (family.template === SUBJECTS.apply.template)
    expect([400, 413, 422], where).toContain(refusals?.[0]?.code); // 400: too much YAML; 422: the kind's own limit of one field
  else if (refusals === undefined) {
    const small = { ...message, payload: encode({}, JSON_TYPE), headers: JSON_HEADERS };
    expect(refusalsIn(await answerTo(small)), where).toBeUndefined();
  }
}
/** By a byte. */
const MORE_THAN_THE_BROKER_TAKES = new Uint8Array(MAX_PAYLOAD_BYTES + 1);

/** Every question that there is, and a good request where one says more than that somebody answers. */
const QUESTIONS = families
  .filter(([, { mode }]) => mode === 'request')
  .flatMap(([, family]) => addressedSubjects(family, PREFIX));
const GOOD: Readonly<Record<string, { readonly body: object; readonly answer: object }>> = {
  [SUBJECTS.dispatch.subject(PREFIX, { node: 'n1' })]: {
    body: { node: 'n1' },
    answer: { digest: expect.any(String) as string },
  },
  [SUBJECTS.runtime.subject(PREFIX, { node: 'n1', op: 'list' })]: {
    body: {},
    answer: { sandboxes: expect.any(Array) as unknown },
  },
  [SUBJECTS.nodeLogs.subject(PREFIX, { node: 'n1' })]: {
    body: { namespace: 'default', pod: 'nobody' },
    answer: { kind: 'Status', reason: 'NotFound' },
  },
};

/** Everybody who answers requests answers every one, and what is written can be read. */
async function expectService(): Promise<void> {
  const { client } = cluster;
  const name = `good-${++sent}`;
  const [made] = await Promise.all([
    client.create<KubeObject>('configmaps', 'default', { metadata: { name }, data: { sent: String(sent) } }),
    client.applyManifest(
      'default',
      `{apiVersion: v1, kind: ConfigMap, metadata: {name: applied}, data: {n: "${sent}"}}`,
    ),
    ...QUESTIONS.map(async (subject) => {
      const { body, answer } = GOOD[subject] ?? { body: {}, answer: {} };
      expect(await answerTo({ subject, payload: encode(body, JSON_TYPE), headers: JSON_HEADERS })).toMatchObject(
        answer,
      );
    }),
  ]);
  expect(await client.get('configmaps', { namespace: 'default', name })).toEqual(made);
}
const JSON_HEADERS = { [HEADER.contentType]: JSON_TYPE };

describe.each(families)('%s', (_name, family) => {
  it('takes any junk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(malformedOn(family, PREFIX), { minLength: 20, maxLength: 40 }), async (batch) => {
        for (const { subject, payload, headers } of batch)
          nc.publish(subject, payload, { headers: headersOf(headers) });
        if (family.mode === 'request') await Promise.all(batch.map((one) => expectAnswered(family, one)));
        else await nc.flush();
        await expectService();
      }),
      { numRuns: 8, endOnFailure: true },
    );
    await expectUnharmed(cluster);
  });

  it('takes what is far too large', async () => {
    const subjects = addressedSubjects(family, PREFIX);
    // Of the largest that the broker carries only some: all of it goes into the journal too.
    const largest = oversized(7.9 * 1024 * 1024).slice(family.mode === 'request' ? -2 : -1);
    const messages = [...oversized(1.6 * 1024 * 1024), ...largest];
    for (const [at, { type, payload }] of messages.entries()) {
      const headers = type === undefined ? {} : { [HEADER.contentType]: type };
      // The first on every subject, of the others each on some.
      const on = subjects.filter((_one, index) => at === 0 || index % messages.length === at % subjects.length);
      // One after the other: the recorder may drop what comes faster than the broker takes it.
      for (const subject of on) {
        if (family.mode === 'request') await expectTooLarge(family, { subject, payload, headers });
        else nc.publish(subject, payload, { headers: headersOf(headers) });
      }
    }
    for (const subject of subjects)
      expect(() => nc.publish(subject, MORE_THAN_THE_BROKER_TAKES)).toThrow(/max_payload/);
    await expectService();
    await expectUnharmed(cluster);
  });
});

it('pods still run, and every recording plays back', async () => {
  await expectReplays(cluster, { rubbish: true });
});
