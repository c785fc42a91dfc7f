import type { AskId, Divergence, Json, Millis, Outgoing, RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import type { CellChange } from './cell-log.ts';

/** An open request. */
export interface AskOpen {
  readonly id: AskId;
  readonly say: string;
  readonly subject: string;
  /** The turn that sent it. */
  readonly turn: number;
  readonly now: Millis;
  readonly timeoutMs: number;
}

/** A pending timer. */
export interface TimerOpen {
  readonly due: Millis;
  readonly serial: number;
  /** The turn that set it; 0 = a turn that was not played. */
  readonly turn: number;
}

/** One turn as it was played, as data. */
export interface Frame {
  /** Index of the turn. */
  readonly index: number;
  readonly turn: RecordedTurn;
  /** Why it cannot be played; undefined = it was played. */
  readonly unplayed: string | undefined;
  /** What today's code says, followed by what went wrong. */
  readonly says: readonly Outgoing[];
  readonly divergence?: Divergence | undefined;
  readonly cells: readonly CellChange[];
  /** Requests that are open after it. */
  readonly asks: readonly AskOpen[];
  readonly timers: readonly TimerOpen[];
  /** Timers that fired in a `due` turn. */
  readonly fired: readonly TimerOpen[];
  /** Errors that the actor reported, and why the turn failed. */
  readonly reports: readonly string[];
}

/** Cells by name. */
export type Cells = Readonly<Record<string, Json>>;
