import { printable } from '../../../contracts/printable.ts';
import type { DriverAccount } from '../declare.ts';

/** Statistics of an actor or driver, shown by its micro service. */
export interface ActorStats {
  readonly actor: string;
  readonly instance: string;
  /** Turns of an actor. Of a driver: messages received and sent, answers, and port calls. */
  readonly turns: number;
  /** Entries in the actor's inbox; of a driver, which has no inbox: calls in progress. */
  readonly queueDepth: number;
  /** Milliseconds since the oldest of these arrived. */
  readonly lagMs: number;
  readonly openAsks: number;
  readonly restarts: number;
  readonly refused: number;
  /** Requests answered, and how many of the answers were refusals (`errors`). */
  readonly answered: number;
  readonly errors: number;
  /** Moving average of the time from a request's turn to its answer, in milliseconds. */
  readonly answerMs: number;
  /** The last reported error. Of a driver also its last refusal with a 5xx code, and its alarm while there is one. */
  readonly lastError?: string;
  readonly epoch?: number;
  /** A driver's own statistics; the store's are `StoreStats`. */
  readonly account?: DriverAccount;
}

/** Kubernetes' limit for the note of an Event. */
const TEXT_MAX = 1024;

/** An error text for statistics: printable and cut, since it may quote any input and must fit into one message. */
export const statText = (error: string): string => printable(error, TEXT_MAX);
