import { failure, type Status, StatusError } from '../../../contracts/errors/status.ts';
import type { Id } from '../contract.ts';
import type { Recorder } from '../journal/recorder.ts';
import type { AskResult } from '../turns/answers.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import type { Cache } from '../view/cache.ts';
import type { Ambient } from './host-clock.ts';
import type { Cause } from './message-headers.ts';

/** Whoever waits for an answer: an actor's ask or a driver's. */
export interface Asker {
  answered(ask: Id, result: AskResult, cause: Cause): void;
}

/** What live actors and drivers need of the process that hosts them. */
export interface HostServices {
  readonly ambient: Ambient;
  readonly cache: Cache;
  readonly options: {
    readonly prefix: string;
    readonly caller: string;
    readonly build: string;
    readonly freeze?: boolean;
    readonly inboxMax?: number;
    readonly recorder?: Recorder;
    readonly log: (line: string) => void;
    readonly onEscalation?: (escalation: Escalation) => void;
  };
  /** This actor has something in its inbox. */
  wake(actor: Runnable): void;
  /** This actor is to be told of changes, once what is at hand has been heard and answered. */
  wakeToChanges(actor: Told): void;
  /** Sends what a turn said. @returns why it could not be sent */
  send(out: Outgoing, from: Origin, cause: Cause, asker: Asker): Status | undefined;
}

/** Who sends: ids of messages are unique, so they name the incarnation too. */
export interface Origin {
  /** `<actor>/<instance>` */
  readonly name: string;
  readonly incarnation: number;
}

/** An actor failed again and again, or broke its contract: the process should know. */
export interface Escalation {
  readonly actor: string;
  readonly instance: string;
  readonly error: unknown;
  /** The actor broke the contract of behaviours and stays down. */
  readonly stopped: boolean;
}

export interface Runnable {
  /** Runs turns until the inbox is empty or `until` (by `performance.now()`). @returns whether something is left */
  runInbox(until: number): boolean;
}

export interface Told {
  /** Puts what changed into the inbox. */
  tellChanges(): void;
}

export const statusOf = (error: unknown, act: string): Status =>
  error instanceof StatusError
    ? error.status
    : failure('InternalError', `${act}: ${error instanceof Error ? error.message : String(error)}`);
