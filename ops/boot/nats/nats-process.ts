import { createServer, connect as dial } from 'node:net';
import { statusError } from '../../../contracts/errors/status.ts';
import { pause } from '../../client/pause.ts';

const portIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** The wished port when it is free on loopback, else a free one. */
export async function choosePort(wished: number): Promise<number> {
  if (wished > 0 && (await portIsFree(wished))) return wished;
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const address = probe.address();
      probe.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });
}

/** The name with which a nats-server greets on this port; `undefined` when none does. */
const greeting = (port: number): Promise<string | undefined> =>
  new Promise((resolve) => {
    const socket = dial({ port, host: '127.0.0.1' });
    const answer = (name?: string): void => {
      socket.destroy();
      resolve(name);
    };
    socket.setTimeout(1_000, () => answer());
    socket.once('error', () => answer());
    socket.once('data', (data) => {
      const text = data.toString();
      answer(text.startsWith('INFO ') ? (/"server_name":"([^"]*)"/.exec(text)?.[1] ?? '') : undefined);
    });
  });

/** A large store that was not closed in order is read through before the server speaks. */
export const READY_WITHIN_MS = 600_000;

export interface NatsWait {
  /** What the server calls itself; whoever greets with another name is somebody else's. */
  readonly name?: string;
  /** How often it has ended by itself. */
  readonly failures?: () => number;
  /** Called every `tellEveryMs`, 10 s by default, for who would like to know that it goes on. */
  readonly onWait?: (waitedMs: number) => void;
  readonly tellEveryMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FAILURES_MOST = 4;

/**
 * Waits until the server accepts clients.
 * @param lastWords what it wrote last, for the error
 * @throws StatusError Conflict (another program has the port), ServiceUnavailable (it keeps ending; `signal` was aborted),
 * Timeout
 */
export async function waitForNats(
  port: number,
  withinMs: number,
  lastWords: () => string,
  { name, failures = () => 0, onWait, tellEveryMs = 10_000, signal }: NatsWait = {},
): Promise<void> {
  const since = performance.now();
  for (let told = 0; ; ) {
    if (signal?.aborted === true) throw statusError('ServiceUnavailable', 'the start was broken off');
    const greeted = await greeting(port);
    if (greeted !== undefined && (name === undefined || greeted === name)) return;
    if (greeted !== undefined || (failures() > 0 && /address already in use/.test(lastWords()))) {
      throw statusError('Conflict', `port ${port} is taken by another program; name another with --port`);
    }
    if (failures() >= FAILURES_MOST) {
      throw statusError('ServiceUnavailable', `nats-server does not start: ${lastWords()}`);
    }
    const waitedMs = performance.now() - since;
    if (waitedMs > withinMs) {
      throw statusError('Timeout', `nats-server does not answer on port ${port} after ${withinMs} ms: ${lastWords()}`);
    }
    if (waitedMs - told >= tellEveryMs) {
      told = waitedMs;
      onWait?.(waitedMs);
    }
    await pause(10, signal);
  }
}
