import { printable } from '../../../contracts/printable.ts';
import type { DriverAccount } from '../declare.ts';

/** Figures that an actor's micro service shows. */
export interface ActorStats {
  readonly actor: string;
  readonly instance: string;
  /** Of a driver: what it heard, said and was answered, calls of its port with it. */
  readonly turns: number;
  /** Entries of the inbox; a driver has none: its calls in hand. */
  readonly queueDepth: number;
  /** Milliseconds that the oldest of these has waited. */
  readonly lagMs: number;
  readonly openAsks: number;
  readonly restarts: number;
  readonly refused: number;
  /** Questions answered, and how many of those answers were refusals. */
  readonly answered: number;
  readonly errors: number;
  /** Mean time from a question's turn to its answer, milliseconds, weighted towards the latest. */
  readonly answerMs: number;
  /** Of a driver also what it refused for a reason that is not the asker's; its alarm, as long as there is one. */
  readonly lastError?: string;
  readonly epoch?: number;
  /** What a driver counts besides: that of the store is `StoreStats`. */
  readonly account?: DriverAccount;
}

/** As much as Kubernetes takes for the note of an Event. */
const TEXT_MAX = 1024;

/** An error as figures show it: it may quote whatever somebody sent, and all figures of an actor have to fit into one message. */
export const statText = (error: string): string => printable(error, TEXT_MAX);
