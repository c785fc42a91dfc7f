import { failure, type Status, StatusError } from '../../../contracts/errors/status.ts';
import type { Headers } from '../../../contracts/headers.ts';
import type { Id } from '../contract.ts';
import type { Recorder } from '../journal/recorder.ts';
import type { AskResult } from '../turns/answers.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import type { Cache } from '../view/cache.ts';
import type { Ambient } from './host-clock.ts';
import type { Cause } from './message-headers.ts';

/** The actor or driver that an answer is for. */
export interface Asker {
  answered(ask: Id, result: AskResult, cause: Cause): void;
}

/** The services that a host process provides to its actors and drivers. */
export interface HostServices {
  readonly ambient: Ambient;
  readonly cache: Cache;
  /** The cache has only what some actors of the process watch: the others do not see it. */
  readonly isScoped?: boolean;
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
  /** The actor's inbox is not empty: run its turns soon. */
  wake(actor: Runnable): void;
  /** The actor has pending changes: call its `tellChanges` after the messages at hand have been handled. */
  wakeToChanges(actor: ChangeListener): void;
  /** Sends an output. @returns why it could not be sent; `undefined` when it was sent */
  send(out: Outgoing, from: Origin, cause: Cause, asker: Asker): Status | undefined;
  /** Sends bytes of which nothing is recorded. @throws Error when they cannot be sent */
  sendBytes(subject: string, bytes: Uint8Array, headers: Headers): void;
}

/** The sender of a message. Message ids contain the incarnation, so that they are unique. */
export interface Origin {
  /** `<actor>/<instance>` */
  readonly name: string;
  readonly incarnation: number;
}

/** An actor failed repeatedly, or violated the rules for behaviours: the host process is notified. */
export interface Escalation {
  readonly actor: string;
  readonly instance: string;
  readonly error: unknown;
  /** The actor violated the rules for behaviours and stays stopped. */
  readonly stopped: boolean;
}

export interface Runnable {
  /** Runs turns until the inbox is empty or `until` (by `performance.now()`). @returns whether entries are left */
  runInbox(until: number): boolean;
}

export interface ChangeListener {
  /** Puts a change entry into the actor's inbox. */
  tellChanges(): void;
}

export const statusOf = (error: unknown, act: string): Status =>
  error instanceof StatusError
    ? error.status
    : failure('InternalError', `${act}: ${error instanceof Error ? error.message : String(error)}`);
