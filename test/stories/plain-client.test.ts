import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { connect, type NatsConnection, nkeyAuthenticator } from 'nats';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import {
  expectReplays,
  expectUnharmed,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: whoever has a NATS client is a citizen of the cluster.
 * Method: the package `nats` alone, as an operator and as a tenant, with the permissions that boot prints; nothing of ours
 * makes a subject, encodes a question or decodes an answer.
 */
const SAMPLE = 'troupe/sample:local';
const OUTPUT = ['first line', 'second line'];

const manifestOf = (name: string): string => `
apiVersion: v1
kind: Pod
metadata: { name: ${name}, labels: { made-by: hand } }
spec:
  terminationGracePeriodSeconds: 0
  containers:
    - { name: main, image: "${SAMPLE}" }
`;

interface PlainPod {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly status?: { readonly phase?: string };
}

let cluster: SimulatedCluster;
const open: NatsConnection[] = [];

/** What the printed NATS context of a user gives to any client: where, which seed, which inbox. */
async function plain(name: string): Promise<NatsConnection> {
  const seed = new TextEncoder().encode(cluster.user(name).seed);
  const nc = await connect({
    servers: cluster.server.url,
    authenticator: nkeyAuthenticator(seed),
    inboxPrefix: `_INBOX.${name}`,
  });
  open.push(nc);
  return nc;
}

beforeAll(async () => {
  const output = OUTPUT.map((text, at) => ({ atMs: 5 * at, text }));
  cluster = await startSimulatedCluster({
    tenants: { alice: ['default'] },
    runtime: { images: { [SAMPLE]: { present: true, run: { output } } } },
  });
});
afterAll(async () => {
  for (const nc of open) await nc.close();
  await cluster?.stop();
});

describe('a NATS client that is not ours', () => {
  it.each([
    { me: 'operator', feed: 'troupe.changes.>' },
    { me: 'alice', feed: 'troupe.changes.pods.default.>' },
  ])('publishes YAML, gets, hears $feed and reads logs, as $me', async ({ me, feed }) => {
    const nc = await plain(me);
    const name = `made-by-${me}`;
    const heard: { subject: string; phase: string | undefined; gone: boolean }[] = [];
    nc.subscribe(feed, {
      callback: (refused, { subject, data }) => {
        if (refused !== null) throw refused;
        const object = data.length === 0 ? undefined : (JSON.parse(Buffer.from(data).toString()) as PlainPod);
        heard.push({ subject, phase: object?.status?.phase, gone: object === undefined });
      },
    });
    const outcomes: string[] = [];
    nc.subscribe(`troupe.outcome.${me}`, {
      callback: (_, { data }) => void outcomes.push(Buffer.from(data).toString()),
    });
    await nc.flush();
    const ask = async <A>(verb: string, resource: string, body: object = {}): Promise<A> => {
      const to = `troupe.api.${me}.${verb}.${resource}.default.${name}`;
      return (await nc.request(to, JSON.stringify(body), { timeout: 10_000 })).json<A>();
    };

    nc.publish(`troupe.apply.${me}.default`, manifestOf(name));
    await waitUntil('the outcome of what was published is told', 10_000, () => outcomes.length > 0);
    expect(outcomes[0]).toContain('created');

    const subject = `troupe.changes.pods.default.${name}`;
    const phases = (): readonly (string | undefined)[] =>
      heard.filter((one) => one.subject === subject).map(({ phase }) => phase);
    await waitUntil('the feed tells that the pod runs', 10_000, () => phases().includes('Running'));
    expect(phases()).toContain('Pending');
    expect(await ask<PlainPod>('get', 'pods')).toMatchObject({ metadata: { name }, status: { phase: 'Running' } });

    const query = { namespace: 'default', pod: name, follow: true };
    const lines = await waitUntil('both lines were written', 10_000, async () => {
      const log = await ask<{ lines: readonly { text: string }[] }>('get', 'pods=2Flog', query);
      return log.lines.length === OUTPUT.length && log.lines.map(({ text }) => text);
    });
    expect(lines).toEqual(OUTPUT);

    const again = await nc.request(`troupe.apply.${me}.default`, manifestOf(name), { timeout: 10_000 });
    expect(again.string()).toContain('outcome: unchanged');
    await ask('delete', 'pods', { gracePeriodSeconds: 0 });
    await waitUntil('the feed tells that it is gone', 10_000, () =>
      heard.some((one) => one.subject === subject && one.gone),
    );
    expect(await ask('get', 'pods')).toMatchObject({ kind: 'Status', code: 404, reason: 'NotFound' });
  });

  it('runs the example as it is', async () => {
    const home = mkdtempSync(join(tmpdir(), 'troupe-plain-'));
    try {
      const { name, seed } = cluster.user('operator');
      mkdirSync(join(home, 'users'));
      writeFileSync(
        join(home, 'cluster.json'),
        JSON.stringify({ url: cluster.server.url, user: name, prefix: 'troupe' }),
      );
      writeFileSync(join(home, 'users', `${name}.json`), JSON.stringify({ seed }));
      const { stdout } = await promisify(execFile)(process.execPath, ['ops/examples/plain-client.mjs', '1'], {
        env: { ...process.env, TROUPE_HOME: home },
        timeout: 20_000,
      });
      for (const said of ['outcome: created', 'get: plain is', 'log: first line', 'deleted']) {
        expect(stdout).toContain(said);
      }
    } finally {
      rmSync(home, { recursive: true, force: true });
    }
  });

  it('leaves nobody harmed, and replays', async () => {
    await expectUnharmed(cluster);
    await expectReplays(cluster);
  });
});
