import { createServer, connect as dial } from 'node:net';
import { statusError } from '../../../contracts/errors/status.ts';
import { pause } from '../../client/pause.ts';

const portIsFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });

/** `wished` when that port is free on loopback, else a free one. */
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

/** The name in the greeting of the nats-server on this port; `undefined` when none answers. */
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

/** A server reads a large store that was not closed properly before it accepts clients. */
export const READY_WITHIN_MS = 600_000;

export interface NatsWait {
  /** The server's name; a server with another name belongs to another cluster or program. */
  readonly name?: string;
  /** How often the process has ended by itself. */
  readonly failures?: () => number;
  /** Called every `reportEveryMs`, default 10 s, while waiting. */
  readonly onWait?: (waitedMs: number) => void;
  readonly reportEveryMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

const FAILURES_MOST = 4;

/**
 * Waits until the server accepts clients.
 * @param lastLine the server's last line, for errors
 * @throws StatusError Conflict (another program has the port), ServiceUnavailable (it keeps ending; `signal` was aborted),
 * Timeout
 */
export async function waitForNats(
  port: number,
  withinMs: number,
  lastLine: () => string,
  { name, failures = () => 0, onWait, reportEveryMs = 10_000, signal }: NatsWait = {},
): Promise<void> {
  const since = performance.now();
  for (let reportedMs = 0; ; ) {
    if (signal?.aborted === true) throw statusError('ServiceUnavailable', 'the start was cancelled');
    const greeted = await greeting(port);
    if (greeted !== undefined && (name === undefined || greeted === name)) return;
    if (greeted !== undefined || (failures() > 0 && /address already in use/.test(lastLine()))) {
      throw statusError('Conflict', `port ${port} is used by another program; choose another with --port`);
    }
    if (failures() >= FAILURES_MOST) {
      throw statusError('ServiceUnavailable', `nats-server does not start: ${lastLine()}`);
    }
    const waitedMs = performance.now() - since;
    if (waitedMs > withinMs) {
      throw statusError('Timeout', `nats-server does not answer on port ${port} after ${withinMs} ms: ${lastLine()}`);
    }
    if (waitedMs - reportedMs >= reportEveryMs) {
      reportedMs = waitedMs;
      onWait?.(waitedMs);
    }
    await pause(10, signal);
  }
}
