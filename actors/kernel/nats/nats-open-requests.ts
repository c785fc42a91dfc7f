import type { Msg } from 'nats';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import type { Id } from '../contract.ts';
import type { Asker } from '../live/host-services.ts';
import type { Cause } from '../live/message-headers.ts';
import type { AskResult } from '../turns/answers.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { statusCodeOf } from './nats-arrived-message.ts';

interface OpenRequest {
  readonly asker: Asker;
  readonly ask: Id;
  readonly subject: string;
  deadline: number;
  /** Sent before the last reconnection: the request or its answer may have been lost with the old connection. */
  lost: boolean;
  /** To a driver in this process: the answer does not pass the broker. */
  readonly local: boolean;
  readonly cause: Cause;
}

/** The reply subject of a request is made of an inbox, a number and a tail. */
export interface AnswerPlace {
  /** With a trailing dot. */
  readonly inbox: string;
  /** A random part, where a receiver of one reply subject must not be able to guess the others; else empty. */
  readonly tail: string;
}
const HERE: AnswerPlace = { inbox: '', tail: '' };

const SWEEP_MS = 50;
/** How long after a reconnection answers to earlier requests may still arrive: other processes reconnect at other times. */
const LATE_ANSWER_MS = 1_000;
const EMPTY_MAP = encodeMsgpack({});

/** The requests of a process's actors and drivers that have no answer yet. */
export class OpenRequests {
  readonly #open = new Map<string, OpenRequest>();
  #serial = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * Registers a request.
   * @param cause the request, as the cause of its answer
   * @param place where the answer arrives; none for a port call
   * @returns the reply subject
   */
  expect(out: Outgoing, asker: Asker, cause: Cause, place: AnswerPlace = HERE): string {
    const address = `${place.inbox}${(++this.#serial).toString(36)}${place.tail}`;
    const timeoutMs = out.timeoutMs ?? 0;
    this.#open.set(address, {
      asker,
      ask: out.id,
      subject: out.said.subject,
      deadline: performance.now() + timeoutMs,
      lost: false,
      local: out.said.kind === 'port',
      cause,
    });
    this.#sweeper ??= setTimeout(() => this.#sweep(), Math.min(SWEEP_MS, timeoutMs));
    return address;
  }

  /** Handles a message from the broker: an answer, or status 503 (no responders). */
  answered(msg: Msg): void {
    const address = msg.subject;
    const open = this.#open.get(address);
    if (open === undefined) return; // late or duplicate
    if (msg.data.length === 0 && statusCodeOf(msg) === 503) this.arrived(address, noListener(open.subject));
    else this.arrived(address, msg.data.length === 0 ? EMPTY_MAP : msg.data);
  }

  /**
   * Handles an answer. An answer after the deadline counts as a timeout: if this process was stalled, the sweep was too, and
   * the asker must not continue with a request that other processes have given up long ago.
   */
  arrived(address: string, result: AskResult): void {
    const open = this.#open.get(address);
    if (open !== undefined) this.settle(address, open.deadline <= performance.now() ? overdue(open) : result);
  }

  settle(address: string, result: AskResult): void {
    const open = this.#open.get(address);
    if (open === undefined) return;
    this.#open.delete(address);
    open.asker.answered(open.ask, result, open.cause);
  }

  /**
   * Shortens the deadlines of requests sent before a reconnection. A killed broker loses requests and answers, and the client
   * drops, at each connection attempt, the requests made meanwhile; the askers should not wait for their full timeouts.
   */
  reconnected(): void {
    const until = performance.now() + LATE_ANSWER_MS;
    for (const open of this.#open.values()) {
      if (open.local) continue;
      open.lost = true;
      open.deadline = Math.min(open.deadline, until);
    }
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#sweeper);
  }

  #sweep(): void {
    this.#sweeper = undefined;
    const now = performance.now();
    for (const [address, open] of this.#open) if (open.deadline <= now) this.settle(address, overdue(open));
    if (this.#open.size > 0 && !this.#stopped) this.#sweeper = setTimeout(() => this.#sweep(), SWEEP_MS);
  }
}

const overdue = ({ lost, subject }: OpenRequest): AskResult => (lost ? lostOnTheWay(subject) : 'timeout');

const lostOnTheWay = (subject: string): Status =>
  failure('ServiceUnavailable', `the connection was lost before an answer on ${subject} arrived; try again`);

/** Explains "no responders": which process is missing. */
function noListener(subject: string): Status {
  const [, family, second] = subject.split('.');
  if (family === 'api' || family === 'apply') {
    return failure('ServiceUnavailable', `no api-server is listening on ${subject}; is a master running?`);
  }
  if (family === 'node' || family === 'runtime') {
    return failure('ServiceUnavailable', `node ${second ?? ''} is not connected: no process listens on ${subject}`);
  }
  if (family === 'dispatch') {
    return failure('ServiceUnavailable', `no dispatcher is listening on ${subject}; is a master running?`);
  }
  return failure('ServiceUnavailable', `no process listens on ${subject}`);
}
