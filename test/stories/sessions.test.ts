import { text } from 'node:stream/consumers';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { encode, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import type { ExecOptions, SessionControl } from '../../contracts/messages/sessions.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { sinkOf } from '../../actors/sessions/link/stream-channels.ts';
import type { Client } from '../../ops/client/client.ts';
import { type ClientSession, openExec, openPortForward } from '../../ops/client/session.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import {
  expectReplays,
  expectUnharmed,
  PREFIX,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a user runs commands in its own pods and connects to their ports, nobody else takes part in that, whatever they know of it,
 * and a recording has openings, counts and exit codes, but never what was typed or printed.
 * Method: a cluster on simulated nodes under the printed permissions; the clients of two tenants, a viewer and an operator.
 */
const TYPED = 'the-words-that-were-typed';
const POD = { namespace: 'team-a', name: 'web' };

let cluster: SimulatedCluster;
let alice: Client;
let mallory: Client;

beforeAll(async () => {
  cluster = await startSimulatedCluster({
    tenants: { alice: ['team-a'], carol: ['team-a'], mallory: ['team-b'] },
    roles: { carol: 'view' },
    runtime: { otherImages: { ports: [7000] } },
  });
  [alice, mallory] = await Promise.all([cluster.as('alice'), cluster.as('mallory')]);
  await alice.create('pods', 'team-a', {
    metadata: { name: 'web' },
    spec: { containers: [{ name: 'main', image: 'app' }] },
  });
  await waitUntil('the pod runs', 20_000, async () => {
    const pod = await alice.get<{ status?: { phase?: string } }>('pods', POD);
    return pod.status?.phase === 'Running';
  });
});
afterAll(async () => {
  await cluster?.stop();
});

const command = (client: Client, words: readonly string[], more: Partial<ExecOptions> = {}): Promise<ClientSession> =>
  openExec(client, POD, { command: words, stdout: true, stderr: true, ...more });

/** Reads a channel of the session to its end. */
function read(session: ClientSession, channel: string): Promise<string> {
  const stream = new PassThrough();
  session.peer.receive(channel, sinkOf(stream));
  return text(stream);
}
const refusal = (asked: Promise<unknown>): Promise<string> =>
  asked.then(
    () => 'done',
    (error: Error) => error.message,
  );

describe('a command', () => {
  it('gets what is typed, prints, and ends with its exit code', async () => {
    const session = await command(alice, ['cat'], { stdin: true });
    expect(session.opened).toMatchObject({ kind: 'Session', node: 'n1', container: 'main' });
    const output = read(session, 'stdout');
    const input = session.peer.send('stdin');
    session.start();
    await input.write(Buffer.from(TYPED));
    input.end();
    expect(await output).toBe(TYPED);
    expect(await session.ended).toEqual({ exitCode: 0, bytesSent: TYPED.length, bytesReceived: TYPED.length });
  });

  it.each([
    { words: ['sh', '-c', 'exit 3'], exitCode: 3, says: '' },
    { words: ['nosuch'], exitCode: 127, says: 'nosuch: not found\n' },
  ])('$words exits with $exitCode', async ({ words, exitCode, says }) => {
    const session = await command(alice, words);
    const errors = read(session, 'stderr');
    session.start();
    expect(await errors).toBe(says);
    expect(await session.ended).toMatchObject({ exitCode });
  });

  it('waits for a reader that stops, however much there is to read', async () => {
    const session = await command(alice, ['cat'], { stdin: true });
    let taken = 0;
    let goOn = (): void => undefined;
    const stopped = new Promise<void>((resolve) => (goOn = resolve));
    session.peer.receive('stdout', {
      write: async ({ length }) => {
        await stopped;
        taken += length;
      },
      end: () => undefined,
    });
    const input = session.peer.send('stdin');
    session.start();
    const size = 8 * 1024 * 1024;
    const writing = input.write(Buffer.alloc(size)).then(() => input.end());
    await waitUntil('the way is full', 10_000, () => session.peer.bytesReceived === 256 * 1024);
    expect(session.peer.bytesSent).toBeLessThan(2 * 1024 * 1024);
    goOn();
    await writing;
    expect(await session.ended).toMatchObject({ exitCode: 0, bytesSent: size, bytesReceived: size });
    expect(taken).toBe(size);
  });
});

it('connects to a port of the pod, and to no other than it asked for', async () => {
  const session = await openPortForward(alice, POD, { ports: [7000, 7001] });
  const echoed = read(session, '7000-1');
  const refused = new Promise<string>((resolve) => {
    session.peer.receive('7001-2', { write: () => undefined, end: resolve });
  });
  session.start();
  const channel = session.peer.send('7000-1');
  await channel.write(Buffer.from('hello'));
  channel.end();
  expect(await echoed).toBe('hello');
  session.peer.send('7001-2').open();
  expect(await refused).toMatch(/connect to port 7001 of the pod: connection refused/);
  session.peer.send('22-3').open();
  expect(await session.ended).toMatchObject({ error: expect.stringContaining('ports 7000, 7001, not 22-3') as string });
});

describe('is refused', () => {
  it.each<{ why: string; asks: () => Promise<unknown>; says: RegExp }>([
    {
      why: 'a tenant of another namespace',
      asks: () => mallory.request('create', 'pods/exec', POD, { command: ['cat'], stdout: true }, { timeoutMs: 1_000 }),
      says: /permission|not permitted|may not/i,
    },
    {
      why: 'a viewer',
      asks: async () => command(await cluster.as('carol'), ['cat']),
      says: /User "carol" cannot create resource "pods\/exec"/,
    },
    {
      why: 'a viewer who wants a port',
      asks: async () => openPortForward(await cluster.as('carol'), POD, { ports: [7000] }),
      says: /User "carol" cannot create resource "pods\/portforward"/,
    },
    {
      why: 'a pod that is not there',
      asks: () => openExec(alice, { ...POD, name: 'no' }, { command: ['cat'], stdout: true }),
      says: /pods "no" not found/,
    },
    {
      why: 'a container that is not there',
      asks: () => command(alice, ['cat'], { container: 'no' }),
      says: /container no is not valid for pod web/,
    },
    { why: 'no command', asks: () => command(alice, []), says: /option command is required/ },
    {
      why: 'no stream',
      asks: () => command(alice, ['cat'], { stdout: false, stderr: false }),
      says: /at least one of stdin, stdout and stderr/,
    },
    { why: 'no port', asks: () => openPortForward(alice, POD, { ports: [] }), says: /option ports is required/ },
    {
      why: 'a port that is none',
      asks: () => openPortForward(alice, POD, { ports: [70_000] }),
      says: /option ports must be a list of ports/,
    },
  ])('$why', async ({ asks, says }) => {
    expect(await refusal(asks())).toMatch(says);
  });
});

it('an id is worth nothing under another name', async () => {
  const session = await command(alice, ['cat'], { stdin: true });
  const output = read(session, 'stdout');
  const input = session.peer.send('stdin');
  session.start();
  await input.write(Buffer.from('hers, '));
  const { id, node } = session.opened;
  const refused: string[] = [];
  void (async () => {
    for await (const { type, ...rest } of mallory.connection.status())
      if (type === 'error') refused.push(JSON.stringify(rest));
  })();
  const heard: string[] = [];
  for (const caller of ['alice', 'mallory'])
    mallory.connection.subscribe(SUBJECTS.sessionOutput.pattern(PREFIX, { caller, node, id }), {
      callback: (error, message) => void (error === null && heard.push(message.subject)),
    });
  const close: SessionControl = { close: true };
  for (const caller of ['alice', 'mallory'])
    for (const [channel, bytes] of [
      ['stdin', Buffer.from('forged')],
      ['control', encode(close, MSGPACK_TYPE)],
    ] as const)
      mallory.connection.publish(SUBJECTS.session.subject(PREFIX, { caller, node, id, channel }), bytes);
  const hers = SUBJECTS.sessionOutput.subject(PREFIX, { caller: 'mallory', node, id, channel: 'exit' });
  await waitUntil('the node has no session of that name for her', 10_000, () => heard.includes(hers));
  await input.write(Buffer.from('still hers'));
  input.end();
  expect(await output).toBe('hers, still hers');
  expect(await session.ended).toMatchObject({ exitCode: 0 });
  expect(heard).toEqual([hers]);
});

it('a worker that stops ends its sessions, and says so', async () => {
  const session = await command(alice, ['sleep', '1000'], { tty: true, stdin: true });
  void read(session, 'stdout');
  session.start();
  await cluster.stopWorker('n1');
  expect(await session.ended).toMatchObject({ error: 'the worker of node n1 was stopped' });
  await cluster.startWorker('n1');
});

it('recordings have openings, counts and exit codes, nothing of what was typed, and play back', async () => {
  await expectUnharmed(cluster);
  await expectReplays(cluster);
  const connection = await cluster.connect('operator');
  const recordings = await readJournal(connection, PREFIX, undefined, () => undefined);
  await connection.close();
  const bodies = recordings.flatMap(({ turns }) =>
    turns.flatMap(({ rec, said }) => [...Object.values(rec), ...said.map(({ body }) => body)]),
  );
  const kept = Buffer.concat(bodies.filter((body): body is Uint8Array => body instanceof Uint8Array));
  expect(kept.includes('exitCode')).toBe(true);
  expect(kept.includes(TYPED)).toBe(false);
});
