import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeMsgpack, encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { statusError } from '../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../contracts/headers.ts';
import {
  CONTROL,
  EXIT,
  type SessionControl,
  type SessionExit,
  type SessionRequest,
  type SessionWork,
} from '../../contracts/messages/sessions.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { SimulatedEngine } from '../../runtime-adapters/simulated/simulated-engine.ts';
import type { TurnToKeep } from '../kernel/journal/journal.ts';
import { TurnKeeper } from '../kernel/journal/turn-keeper.ts';
import { ambient } from '../kernel/live/host-clock.ts';
import type { HostServices } from '../kernel/live/host-services.ts';
import { LiveDriver } from '../kernel/live/live-driver.ts';
import type { Outgoing } from '../kernel/turns/outgoing.ts';
import { Cache } from '../kernel/view/cache.ts';
import { WINDOW_BYTES } from './link/channels.ts';
import { chunkHeaders, chunkOf, ENDED_WELL } from './link/chunk-headers.ts';
import { SessionPeer } from './link/session-peer.ts';
import { sessionsDriver } from './sessions-driver.ts';

/* The driver without a broker, on simulated containers: what it sends is kept and told to the clients, and so is its recording. */

const PREFIX = 'troupe';
const NODE = 'node.1';
const POD = { uid: 'u1', namespace: 'team', name: 'web' };
const LISTENS = 7000;
const QUIET = 7001;
const TYPED = 'the-words-that-were-typed';
const GONE = {
  error: 'the node has no such session; it may have been restarted',
  bytesSent: 0,
  bytesReceived: 0,
};

type ExecMore = Partial<Extract<SessionWork, { kind: 'exec' }>>;
const exec = (command: readonly string[], more: ExecMore = {}): SessionWork => ({
  kind: 'exec',
  container: 'main',
  command,
  stdout: true,
  stderr: true,
  ...more,
});
const forward = (...ports: readonly number[]): SessionWork => ({ kind: 'portforward', ports });
const typed = { [HEADER.contentType]: MSGPACK_TYPE };

let engine: SimulatedEngine;
let containerId: string;
let driver: LiveDriver;
let turns: TurnToKeep[];
let answers: Map<string, unknown>;
let exits: { readonly caller: string; readonly id: string; readonly exit: SessionExit }[];
/** What the node sent besides, by caller and id. */
let listeners: Map<string, (channel: string, bytes: Uint8Array, headers: Headers) => void>;
let opens: number;

beforeEach(async () => {
  [turns, answers, exits, listeners, opens] = [[], new Map(), [], new Map(), 0];
  engine = new SimulatedEngine({ images: { app: { present: true, ports: [LISTENS] } } });
  const runtime = engine.runtime(NODE);
  const { id: sandboxId } = await runtime.runPodSandbox({ pod: POD, attempt: 0 });
  const config = { pod: POD, sandboxId, attempt: 0, specHash: 'h', image: 'app' };
  containerId = await runtime.createContainer({ ...config, name: 'main' });
  await runtime.startContainer(containerId);
  await runtime.createContainer({ ...config, name: 'created' });
  await startDriver();
});
afterEach(async () => {
  await driver.stop();
});

async function startDriver(): Promise<void> {
  const keeper = new TurnKeeper(PREFIX);
  const host: HostServices = {
    ambient,
    cache: new Cache(),
    options: {
      prefix: PREFIX,
      caller: 'node',
      build: 'test',
      log: () => undefined,
      recorder: {
        record: (_incarnation, turn, out) => void turns.push(keeper.keep(turn, out)),
        flush: async () => undefined,
      },
    },
    wake: () => undefined,
    wakeToChanges: () => undefined,
    send: (out) => sent(out),
    sendBytes: (subject, bytes, headers) => {
      const { caller, id, channel } = SUBJECTS.sessionOutput.parse(PREFIX, subject) ?? expect.fail(subject);
      listeners.get(`${caller}/${id}`)?.(channel, bytes, headers);
    },
  };
  driver = new LiveDriver(host, sessionsDriver({ node: NODE, adapter: engine.runtime(NODE) }), 'one');
  await driver.start();
}

function sent({ said }: Outgoing): undefined {
  const output = SUBJECTS.sessionOutput.parse(PREFIX, said.subject);
  if (output === undefined) answers.set(said.subject, said.body);
  else {
    const { caller, id, channel } = output;
    expect(channel).toBe(EXIT);
    exits.push({ caller, id, exit: said.body as SessionExit });
  }
}

/** Asks the driver as the api-server does. @returns its answer */
async function ask(request: unknown): Promise<unknown> {
  opens += 1;
  const reply = `_INBOX.api.${opens}`;
  const subject = SUBJECTS.nodeSessions.subject(PREFIX, { node: NODE });
  driver.heard({ subject, data: encodeMsgpack(request), reply, respond: () => false });
  await vi.waitFor(() => expect(answers.has(reply)).toBe(true));
  return answers.get(reply);
}
const requestOf = (work: SessionWork, id = 's1', caller = 'alice'): SessionRequest => ({
  ...{ id, caller, namespace: POD.namespace, pod: POD.name, podUid: POD.uid },
  work,
});

/** A client that knows of a session, whether it is its own or not. */
function client(id = 's1', caller = 'alice') {
  const say = (channel: string, data: Uint8Array, named: Headers): void => {
    const subject = SUBJECTS.session.subject(PREFIX, { caller, node: NODE, id, channel });
    driver.heard({ subject, data, headers: { named }, respond: () => false });
  };
  const control = (body: SessionControl): void => say(CONTROL, encodeMsgpack(body), typed);
  const peer = new SessionPeer(
    { control, chunk: (channel, chunk) => say(channel, chunk.bytes, chunkHeaders(chunk)) },
    0,
  );
  const heard: string[] = [];
  listeners.set(`${caller}/${id}`, (channel, bytes, headers) => {
    heard.push(channel);
    if (channel !== CONTROL) peer.heardChunk(channel, chunkOf(headers, bytes), 0);
    else peer.heardControl(decodeMsgpack(bytes) as SessionControl, 0);
  });
  return {
    peer,
    heard,
    control,
    exits: () => exits.filter((one) => one.caller === caller && one.id === id).map(({ exit }) => exit),
    /** Reads a channel from the node. */
    read: (channel: string) => {
      const chunks: Uint8Array[] = [];
      const read = { text: () => Buffer.concat(chunks).toString(), end: undefined as string | undefined };
      peer.receive(channel, { write: (bytes) => void chunks.push(bytes), end: (word) => void (read.end = word) });
      return read;
    },
  };
}

const isRunning = (): number => engine.node(NODE).containers.get(containerId)?.onEnd.size ?? 0;

describe('opening', () => {
  it.each<{ why: string; request: unknown; reason: string; says: string }>([
    { why: 'what is no request', request: { id: 's1' }, reason: 'BadRequest', says: 'the request must have' },
    {
      why: 'a container that is not there',
      request: requestOf(exec(['cat'], { container: 'side' })),
      reason: 'NotFound',
      says: 'exec into pod team/web: container not found ("side")',
    },
    {
      why: 'a container that does not run',
      request: requestOf(exec(['cat'], { container: 'created' })),
      reason: 'Conflict',
      says: 'container "created" is not running (it is created)',
    },
    {
      why: 'ports of a pod that is not there',
      request: { ...requestOf(forward(LISTENS)), podUid: 'u2' },
      reason: 'NotFound',
      says: 'forward ports of pod team/web: the pod is not running on this node',
    },
  ])('is refused for $why', async ({ request, reason, says }) => {
    expect(await ask(request)).toMatchObject({ kind: 'Status', reason, message: expect.stringContaining(says) });
    client().control({});
    expect(client().exits()).toEqual([GONE]);
  });

  it('is refused for an id that is in use, whoever asks', async () => {
    expect(await ask(requestOf(exec(['sleep'])))).toEqual({});
    const again = requestOf(exec(['sleep']), 's1', 'mallory');
    expect(await ask(again)).toMatchObject({ kind: 'Status', reason: 'AlreadyExists' });
  });
});

describe('a command', () => {
  it('gets what is typed, more than a window of it, and ends when its input does', async () => {
    const text = TYPED.repeat(Math.ceil((3 * WINDOW_BYTES) / TYPED.length));
    await ask(requestOf(exec(['cat'], { stdin: true })));
    const { peer, read, exits: ended } = client();
    const stdout = read('stdout');
    const input = peer.send('stdin');
    peer.beat(0);
    await input.write(Buffer.from(text));
    input.end();
    const counts = { bytesSent: text.length, bytesReceived: text.length };
    await vi.waitFor(() => expect(ended()).toEqual([{ exitCode: 0, ...counts }]));
    await peer.drained();
    expect(stdout.end).toBe(ENDED_WELL);
    expect(stdout.text() === text).toBe(true);
  });

  it.each([
    { command: ['sh', '-c', 'exit 3'], exitCode: 3, stdout: '', stderr: '' },
    { command: ['echo', 'hello', 'you'], exitCode: 0, stdout: 'hello you\n', stderr: '' },
    { command: ['dance'], exitCode: 127, stdout: '', stderr: 'dance: not found\n' },
  ])('$command ends with its exit code $exitCode and byte counts', async ({ command, exitCode, stdout, stderr }) => {
    await ask(requestOf(exec(command)));
    const { peer, read, exits: ended } = client();
    const [out, err] = [read('stdout'), read('stderr')];
    peer.beat(0);
    const bytesSent = stdout.length + stderr.length;
    await vi.waitFor(() => expect(ended()).toEqual([{ exitCode, bytesSent, bytesReceived: 0 }]));
    await peer.drained();
    expect([out.text(), err.text(), out.end, err.end]).toEqual([stdout, stderr, ENDED_WELL, ENDED_WELL]);
  });

  it('that cannot be started ends its session, and what was typed meanwhile is dropped', async () => {
    await ask(requestOf(exec(['cat'], { stdin: true })));
    engine.failNext('exec', statusError('ServiceUnavailable', 'the engine is away'));
    const { peer, exits: ended } = client();
    const input = peer.send('stdin');
    peer.beat(0);
    await input.write(Buffer.from(TYPED));
    await vi.waitFor(() => expect(ended()).toMatchObject([{ error: 'the engine is away' }]));
    expect(await ask(requestOf(exec(['cat'])))).toEqual({}); // the id is free again
  });

  it.each([
    { kind: 'in a terminal is killed', tty: true, left: 0 },
    { kind: 'without a terminal goes on', tty: false, left: 1 },
  ])('$kind when its client closes the session', async ({ tty, left }) => {
    await ask(requestOf(exec(['sleep'], { stdin: true, tty })));
    const { control, exits: ended } = client();
    control({});
    await vi.waitFor(() => expect(isRunning()).toBe(1));
    control({ close: true });
    expect(ended()).toEqual([{ error: 'the client closed the session', bytesSent: 0, bytesReceived: 0 }]);
    await vi.waitFor(() => expect(isRunning()).toBe(left));
    control({}); // it has gone
    expect(ended().slice(1)).toEqual([GONE]);
  });

  it('in a container that ends ends too', async () => {
    await ask(requestOf(exec(['sleep'])));
    const { control, exits: ended } = client();
    control({});
    await vi.waitFor(() => expect(isRunning()).toBe(1));
    engine.crash(NODE, containerId, 1);
    await vi.waitFor(() => expect(ended()).toMatchObject([{ exitCode: 137 }]));
  });
});

describe('a client', () => {
  it('that is not the one of the session changes nothing, and is answered as for a session that is not there', async () => {
    await ask(requestOf(exec(['cat'], { stdin: true })));
    const alice = client();
    const stdout = alice.read('stdout');
    const input = alice.peer.send('stdin');
    alice.peer.beat(0);
    await input.write(Buffer.from('one '));
    const [mallory, nowhere] = [client('s1', 'mallory'), client('s9', 'mallory')];
    for (const other of [mallory, nowhere]) {
      const theirs = other.peer.send('stdin');
      theirs.open();
      await theirs.write(Buffer.from('theirs'));
      theirs.end();
      expect(other.exits()).toEqual([]);
      other.control({ taken: { stdout: 4 }, sent: { stdin: 1_000 }, close: true });
      expect(other.exits()).toEqual([GONE]);
      expect(other.heard).toEqual([]);
    }
    await input.write(Buffer.from('two'));
    input.end();
    await vi.waitFor(() => expect(alice.exits()).toEqual([{ exitCode: 0, bytesSent: 7, bytesReceived: 7 }]));
    await alice.peer.drained();
    expect(stdout.text()).toBe('one two');
  });

  it('that says nothing for 15 s has gone, even if it never came', async () => {
    await driver.stop();
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
    try {
      await startDriver();
      const subject = SUBJECTS.nodeSessions.subject(PREFIX, { node: NODE });
      const data = encodeMsgpack(requestOf(exec(['sleep'])));
      driver.heard({ subject, data, reply: '_INBOX.api.silent', respond: () => false });
      while (!answers.has('_INBOX.api.silent')) await new Promise(setImmediate);
      vi.advanceTimersByTime(14_000);
      expect(exits).toEqual([]);
      vi.advanceTimersByTime(2_000);
      expect(exits).toMatchObject([
        { caller: 'alice', id: 's1', exit: { error: 'the other side of the session was silent for 15 s' } },
      ]);
    } finally {
      vi.useRealTimers();
    }
  });
});

describe('port-forward', () => {
  it('carries connections to an allowed port both ways, each by itself', async () => {
    await ask(requestOf(forward(LISTENS)));
    const { peer, read, control, exits: ended } = client();
    peer.beat(0);
    const connections = ['1', '2'].map((number) => {
      const channel = `${LISTENS}-${number}`;
      return { number, back: read(channel), out: peer.send(channel) };
    });
    for (const { out } of connections) out.open();
    await Promise.all(connections.map(({ out, number }) => out.write(Buffer.from(`to ${number}`))));
    await vi.waitFor(() => expect(connections.map(({ back }) => back.text())).toEqual(['to 1', 'to 2']));
    connections[0]?.out.end();
    await vi.waitFor(() => expect(connections.map(({ back }) => back.end)).toEqual([ENDED_WELL, undefined]));
    await connections[1]?.out.write(Buffer.from(', still'));
    await vi.waitFor(() => expect(connections[1]?.back.text()).toBe('to 2, still'));
    expect(ended()).toEqual([]);
    control({ close: true });
    expect(ended()).toEqual([{ error: 'the client closed the session', bytesSent: 15, bytesReceived: 15 }]);
  });

  it.each([`${QUIET}-1`, `${LISTENS}`, `${LISTENS}-`, `${LISTENS}-1x`, '0-1', 'stdin'])(
    'ends with an error when its client opens %s, which it may not',
    async (channel) => {
      await ask(requestOf(forward(LISTENS)));
      const { peer, exits: ended } = client();
      peer.beat(0);
      peer.send(channel).open();
      expect(ended()).toMatchObject([{ error: `the session may connect to ports ${LISTENS}, not ${channel}` }]);
    },
  );

  it('tells on its channel of a connection that was refused; the session goes on', async () => {
    await ask(requestOf(forward(LISTENS, QUIET)));
    const { peer, read, exits: ended } = client();
    peer.beat(0);
    const refused = read(`${QUIET}-1`);
    const toQuiet = peer.send(`${QUIET}-1`);
    toQuiet.open();
    await toQuiet.write(Buffer.from('hello?'));
    await vi.waitFor(() => expect(refused.end).toBe(`connect to port ${QUIET} of the pod: connection refused`));
    const back = read(`${LISTENS}-1`);
    await peer.send(`${LISTENS}-1`).write(Buffer.from('hello'));
    await vi.waitFor(() => expect(back.text()).toBe('hello'));
    expect(ended()).toEqual([]);
  });
});

it('a driver that stops ends its sessions, and tells their clients', async () => {
  await ask(requestOf(exec(['sleep'], { tty: true })));
  await ask(requestOf(forward(LISTENS), 's2', 'bob'));
  client().control({});
  client('s2', 'bob').control({});
  await vi.waitFor(() => expect(isRunning()).toBe(1));
  await driver.stop();
  const exit = { error: `the worker of node ${NODE} was stopped`, bytesSent: 0, bytesReceived: 0 };
  expect(exits).toEqual([
    { caller: 'alice', id: 's1', exit },
    { caller: 'bob', id: 's2', exit },
  ]);
  await vi.waitFor(() => expect(isRunning()).toBe(0));
});

it('a recording has the opening, its answer and the exit, and nothing of the bytes', async () => {
  await ask(requestOf(exec(['cat'], { stdin: true })));
  const { peer, read, exits: ended } = client();
  const stdout = read('stdout');
  const input = peer.send('stdin');
  peer.beat(0);
  await input.write(Buffer.from(TYPED));
  input.end();
  await vi.waitFor(() => expect(ended()).toMatchObject([{ exitCode: 0 }]));
  await peer.drained();
  expect(stdout.text()).toBe(TYPED);
  const opening = SUBJECTS.nodeSessions.subject(PREFIX, { node: NODE });
  const exit = SUBJECTS.sessionOutput.subject(PREFIX, { caller: 'alice', node: NODE, id: 's1', channel: EXIT });
  expect(turns.map(({ rec, said }) => [rec.t, ...said.map(({ subject }) => subject)])).toEqual([
    ['call'],
    ['due', '_INBOX.api.1'],
    ['due', exit],
  ]);
  expect(turns[0]?.rec).toMatchObject({ subject: opening });
  const recorded = turns.flatMap(bytesIn);
  expect(recorded.map(decodeMsgpack)).toEqual([
    requestOf(exec(['cat'], { stdin: true })),
    { exitCode: 0, bytesSent: TYPED.length, bytesReceived: TYPED.length },
  ]);
  expect(recorded.some((bytes) => Buffer.from(bytes).includes(TYPED))).toBe(false);
});

/** All byte arrays in a value. */
function bytesIn(value: unknown): readonly Uint8Array[] {
  if (value instanceof Uint8Array) return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(bytesIn) : [];
}
