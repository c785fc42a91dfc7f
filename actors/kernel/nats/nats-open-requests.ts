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
  /** Asked before the last reconnection: the question or its answer may have gone with the old connection. */
  lost: boolean;
  /** Asked of a driver in this process: no broker carries the answer. */
  readonly local: boolean;
  readonly cause: Cause;
}

/** An address is an inbox, a number and a tail. */
export interface AnswerPlace {
  /** With a dot at its end. */
  readonly inbox: string;
  /** What nobody guesses, where who knows one address must not know the others. */
  readonly tail: string;
}
const HERE: AnswerPlace = { inbox: '', tail: '' };

const SWEEP_MS = 50;
/** After a reconnection, how long answers to what was asked before may still come: others hold theirs back till then. */
const LATE_ANSWER_MS = 1_000;
const EMPTY_MAP = encodeMsgpack({});

/** What actors and drivers of a process asked and have no answer to yet. */
export class OpenRequests {
  readonly #open = new Map<string, OpenRequest>();
  #serial = 0;
  #sweeper: NodeJS.Timeout | undefined;
  #stopped = false;

  /**
   * @param cause what the answer was caused by: the question
   * @param place where the answer comes to; none for what no broker carries
   * @returns the address of the answer
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

  /** What the broker brings: an answer, or that nobody is there to give one. */
  answered(msg: Msg): void {
    const address = msg.subject;
    const open = this.#open.get(address);
    if (open === undefined) return; // too late, or doubled
    if (msg.data.length === 0 && statusCodeOf(msg) === 503) this.arrived(address, noListener(open.subject));
    else this.arrived(address, msg.data.length === 0 ? EMPTY_MAP : msg.data);
  }

  /**
   * An answer is here. Where this process stood still meanwhile, so did the sweep: what comes after the deadline is no answer
   * any more, or whoever asked would go on with what was given up long ago.
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
   * A broker that is killed takes questions and answers with it, and the client drops at each attempt to connect what was
   * asked meanwhile; who asked should not wait for ever.
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
  failure('ServiceUnavailable', `the connection was lost before an answer on ${subject} came; ask again`);

/** "No responders" in words that help. */
function noListener(subject: string): Status {
  const [, family, second] = subject.split('.');
  if (family === 'api' || family === 'apply') {
    return failure('ServiceUnavailable', `no api-server is listening on ${subject}; is a master running?`);
  }
  if (family === 'node' || family === 'runtime') {
    return failure('ServiceUnavailable', `node ${second ?? ''} is not connected: nobody is listening on ${subject}`);
  }
  if (family === 'dispatch') {
    return failure('ServiceUnavailable', `no dispatcher is listening on ${subject}; is a master running?`);
  }
  return failure('ServiceUnavailable', `nobody is listening on ${subject}`);
}
