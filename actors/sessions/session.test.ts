import { PassThrough } from 'node:stream';
import { describe, expect, it, vi } from 'vitest';
import { encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { SessionControl, SessionExit, SessionRequest } from '../../contracts/messages/sessions.ts';
import type { ExecProcess } from '../../contracts/runtime/adapter.ts';
import { execWork } from './exec-work.ts';
import { chunkHeaders } from './link/chunk-headers.ts';
import { SILENCE_MS } from './link/session-peer.ts';
import { Session, type StartWork } from './session.ts';

const TYPE = { [HEADER.contentType]: MSGPACK_TYPE };

/** A session without a broker; what it sends is kept. */
function open(start: StartWork) {
  const exits: SessionExit[] = [];
  const output: string[] = [];
  const session = new Session({
    request: { caller: 'alice' } as SessionRequest,
    start,
    sender: {
      chunk: (channel, { bytes }) => output.push(`${channel} ${Buffer.from(bytes).toString()}`),
      control: () => undefined,
    },
    exit: (exit) => exits.push(exit),
    now: 0,
  });
  const control = (body: SessionControl, now = 0): void => session.heard('control', encodeMsgpack(body), TYPE, now);
  return { session, exits, output, control };
}

/** A command that does nothing by itself. */
function command() {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() };
  let end = (_code: number): void => undefined;
  const exitCode = new Promise<number>((resolve) => (end = resolve));
  const kill = vi.fn(() => Promise.resolve());
  const resize = vi.fn(() => Promise.resolve());
  const process: ExecProcess = { ...streams, exitCode, kill, resize };
  return { process, kill, resize, end: (code: number) => (streams.stdout.end(), streams.stderr.end(), end(code)) };
}
const asked = { kind: 'exec', container: 'main', command: ['x'], stdin: true, stdout: true, stderr: true } as const;

describe('a session', () => {
  it('starts when its client says its first word, and not twice', async () => {
    const { process } = command();
    const run = vi.fn(() => Promise.resolve(process));
    const { session, control } = open(execWork(asked, run));
    session.heard('stdin', Buffer.from('too early'), chunkHeaders({ offset: 0 }), 0);
    expect(run).not.toHaveBeenCalled();
    control({});
    control({});
    expect(run).toHaveBeenCalledTimes(1);
    expect(process.stdin.writableLength).toBe(0);
  });

  it('ends with the exit code, once all output is sent', async () => {
    const one = command();
    const { control, exits, output } = open(execWork(asked, () => Promise.resolve(one.process)));
    control({});
    one.process.stdout.push('out');
    one.process.stderr.push('err');
    one.end(3);
    await vi.waitFor(() => expect(exits).toEqual([{ exitCode: 3, bytesSent: 6, bytesReceived: 0 }]));
    expect(output.toSorted()).toEqual(['stderr ', 'stderr err', 'stdout ', 'stdout out']);
    expect(one.kill).not.toHaveBeenCalled();
  });

  it.each([
    { tty: true, kills: 1 },
    { tty: false, kills: 0 },
  ])('whose client is silent ends; with a terminal ($tty) its command is killed', async ({ tty, kills }) => {
    const one = command();
    const { session, control, exits } = open(execWork({ ...asked, tty }, () => Promise.resolve(one.process)));
    control({ size: { width: 80, height: 24 } });
    session.tick(SILENCE_MS - 1);
    expect(exits).toEqual([]);
    session.tick(SILENCE_MS);
    session.tick(2 * SILENCE_MS);
    expect(exits).toMatchObject([{ error: 'the other side of the session was silent for 15 s' }]);
    await vi.waitFor(() => expect(one.process.stdin.destroyed).toBe(true));
    expect(one.kill).toHaveBeenCalledTimes(kills);
    expect(one.resize).toHaveBeenCalledWith({ width: 80, height: 24 });
  });

  it.each<{ why: string; channel: string; bytes: Uint8Array; headers: Record<string, string>; says: RegExp }>([
    {
      why: 'a control of nonsense',
      channel: 'control',
      bytes: Buffer.from('nonsense'),
      headers: {},
      says: /SessionControl/,
    },
    {
      why: 'a chunk without its place',
      channel: 'stdin',
      bytes: Buffer.from('x'),
      headers: {},
      says: /no header Troupe-Offset/,
    },
    {
      why: 'a chunk after a gap',
      channel: 'stdin',
      bytes: Buffer.from('x'),
      headers: { [HEADER.offset]: '9' },
      says: /were lost/,
    },
  ])('ends with $why', ({ channel, bytes, headers, says }) => {
    const { session, control, exits } = open(execWork(asked, () => Promise.resolve(command().process)));
    control({});
    session.heard(channel, bytes, headers, 1);
    expect(exits).toMatchObject([{ error: expect.stringMatching(says) as string }]);
  });

  it('ends when its command cannot start, and when its client closes it', async () => {
    const failing = open(execWork(asked, () => Promise.reject(new Error('no such program'))));
    failing.control({});
    await vi.waitFor(() => expect(failing.exits).toMatchObject([{ error: 'no such program' }]));
    const closed = open(execWork(asked, () => Promise.resolve(command().process)));
    closed.control({ close: true });
    expect(closed.exits).toMatchObject([{ error: 'the client closed the session' }]);
  });
});
