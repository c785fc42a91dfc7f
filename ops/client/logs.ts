import { decode } from '../../contracts/codec/codec.ts';
import { retryOf, statusError } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import type { LogLine, LogLines, LogQuery } from '../../contracts/messages/logs.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { abortWith } from './abort.ts';
import type { Client } from './client.ts';
import type { Contact } from './contact.ts';
import { LogDeduplicator } from './deduplicate-log-lines.ts';
import { pause } from './pause.ts';

export interface LogOptions extends Pick<LogQuery, 'previous' | 'tailLines' | 'sinceTime' | 'limitBytes'> {
  readonly follow?: boolean;
  readonly signal?: AbortSignal;
  readonly contact?: Contact;
  /** How often to repeat the request while following, in milliseconds; default 10 s. The kubelet streams for 30 s after each. */
  readonly askAgainMs?: number;
}
export interface ContainerRef {
  readonly namespace: string;
  readonly pod: string;
  readonly container: string;
}

const ASK_AGAIN_MS = 10_000;
/** Pause before a retry while no answer comes. */
const RETRY_MS = 2_000;
/** Most lines buffered for a slow reader; dropped lines come with the next answer. */
const MOST_HELD = 10_000;

/**
 * The lines of one container, each once. With `follow`, until the container ends or `signal` is aborted: lines come from the live
 * stream; those that it missed come with the next answer, a little late, or in order after a lost connection.
 * @throws StatusError
 */
export async function* readLogs(client: Client, of: ContainerRef, options: LogOptions = {}): AsyncGenerator<LogLine> {
  const { follow, signal: _, askAgainMs: __, contact: ___, tailLines, ...query } = options;
  const ask: Ask = (sinceTime) => {
    // `tailLines` applies to the first request alone.
    const from = sinceTime !== undefined ? { sinceTime } : tailLines === undefined ? {} : { tailLines };
    const asked: LogQuery = { ...of, ...query, ...from, ...(follow === true ? { follow } : {}) };
    return client.request('get', 'pods/log', { namespace: of.namespace, name: of.pod }, asked);
  };
  const seen = new LogDeduplicator();
  if (follow !== true) {
    yield* readPages(ask, seen, options.limitBytes === undefined);
    return;
  }
  const stream = new LogStream(client, of);
  try {
    yield* followLogs(client, ask, seen, stream, options);
  } finally {
    await stream.close();
  }
}

type Ask = (sinceTime: string | undefined) => Promise<LogLines>;

/** Requests page after page, from the last answered line. @returns whether the container has ended */
async function* readPages(ask: Ask, seen: LogDeduplicator, all: boolean): AsyncGenerator<LogLine, boolean> {
  for (;;) {
    const before = seen.answered;
    const page = await ask(before);
    yield* seen.ofAnswer(page.lines);
    if (page.truncated !== true || !all) return page.ended === true;
    if (seen.answered === before) {
      throw statusError('InternalError', 'read logs: a truncated page held no new line; please report this');
    }
  }
}

async function* followLogs(
  client: Client,
  ask: Ask,
  seen: LogDeduplicator,
  stream: LogStream,
  options: LogOptions,
): AsyncGenerator<LogLine> {
  const { askAgainMs = ASK_AGAIN_MS, contact, signal } = options;
  const over = (): boolean => signal?.aborted === true;
  let started = false;
  while (!over()) {
    let pauseMs = askAgainMs;
    const mayMiss = stream.mayMiss;
    stream.mayMiss = false;
    try {
      if (yield* readPages(ask, seen, true)) return;
      started = true;
      contact?.heard();
    } catch (error) {
      if (client.ended !== undefined) throw client.ended;
      if (!started || retryOf(error) !== 'backoff') throw error;
      if (!over()) contact?.lost((error as Error).message);
      stream.mayMiss ||= mayMiss;
      pauseMs = Math.min(RETRY_MS, askAgainMs);
    }
    const until = performance.now() + pauseMs;
    for (let left = 1; left > 0 && !over() && !stream.askNow; left = until - performance.now()) {
      if (!stream.mayMiss) yield* seen.ofStream(stream.take());
      if (!stream.askNow) await stream.wait(until - performance.now(), signal);
    }
    if (!stream.mayMiss || over()) yield* seen.ofStream(stream.take());
    stream.askNow = false;
  }
}

/** The lines that the kubelet publishes on the container's subject. */
class LogStream {
  /** Request again at once: the container has ended, or lines were lost with the connection. */
  askNow = false;
  /** The connection was lost and no answer has come since: buffered lines wait for the ones before them. */
  mayMiss = false;
  #held: LogLine[] = [];
  #wake = (): void => undefined;
  readonly #close: () => Promise<void>;

  constructor(client: Client, { namespace, pod, container }: ContainerRef) {
    const subject = SUBJECTS.logs.subject(client.prefix, { namespace, pod, container });
    const subscription = client.connection.subscribe(subject);
    const forget = client.onReconnected(() => {
      this.askNow = true;
      this.mayMiss = true;
      this.#wake();
    });
    const listening = (async () => {
      for await (const message of subscription) {
        try {
          this.#hear(decode(message.data, message.headers?.get(HEADER.contentType)) as LogLines);
        } catch {
          // Undecodable messages are ignored: the kubelet's lines come with the next answer too.
        }
      }
    })();
    this.#close = async () => {
      forget();
      subscription.unsubscribe();
      await listening;
    };
  }

  #hear({ lines, ended }: LogLines): void {
    this.#held.push(...lines);
    if (this.#held.length > MOST_HELD) this.#held.splice(0, this.#held.length - MOST_HELD);
    if (ended === true) this.askNow = true;
    this.#wake();
  }

  take(): LogLine[] {
    return this.#held.splice(0);
  }

  /** Waits until lines arrive, `ms` have passed, or `signal` is aborted. */
  async wait(ms: number, signal: AbortSignal | undefined): Promise<void> {
    if ((this.#held.length > 0 && !this.mayMiss) || ms <= 0) return;
    const stop = new AbortController();
    this.#wake = () => stop.abort();
    const forget = signal && abortWith(stop, signal);
    await pause(ms, stop.signal);
    forget?.();
  }

  close(): Promise<void> {
    return this.#close();
  }
}
