import type { AskId, Divergence, Json, Millis, Outgoing, RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import type { CellChange } from './cell-log.ts';

/** A question whose answer is awaited. */
export interface AskOpen {
  readonly id: AskId;
  readonly say: string;
  readonly subject: string;
  /** When it was asked. */
  readonly turn: number;
  readonly now: Millis;
  readonly timeoutMs: number;
}

/** A timer that waits. */
export interface TimerOpen {
  readonly due: Millis;
  readonly serial: number;
  /** When it was set; 0 = before what was played. */
  readonly turn: number;
}

/** One turn as it was played: everything that there is to see at it, as data. */
export interface Frame {
  /** Which of the recording's turns. */
  readonly index: number;
  readonly turn: RecordedTurn;
  /** Why it cannot be played, where it cannot. */
  readonly unplayed: string | undefined;
  /** What today's code says. */
  readonly says: readonly Outgoing[];
  readonly divergence?: Divergence | undefined;
  readonly cells: readonly CellChange[];
  /** Open after it. */
  readonly asks: readonly AskOpen[];
  readonly timers: readonly TimerOpen[];
  /** Timers whose time had come: what a `due` turn is about. */
  readonly rang: readonly TimerOpen[];
  /** Keys that went wrong, as the actor reported them, and why the turn failed. */
  readonly reports: readonly string[];
}

/** What an expression sees of a value: Json. */
export type Cells = Readonly<Record<string, Json>>;
