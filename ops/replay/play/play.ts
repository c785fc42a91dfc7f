import {
  type ActorDefinition,
  atOnce,
  inSlices,
  type Level,
  type Millis,
  type RecordedTurn,
  type Steps,
} from '../../../actors/kernel/replay-api.ts';
import { type Gap, gapsWithin } from '../read/plan-gaps.ts';
import { nameOf, type Playable } from '../read/playable.ts';
import { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';
import { reportTurn, reportWhole, type TurnReport } from './turn-report.ts';

export interface PlayOptions {
  readonly level?: Level;
  /** Index of the first turn that is checked; turns before it are played for the state. */
  readonly from?: number;
  /** Index of the last turn played. */
  readonly to?: number;
}

/** Consecutive turns that could not be played for one reason. */
export interface UnplayedSpan {
  /** Numbers of the first and the last turn, and their times. */
  readonly from: number;
  readonly to: number;
  readonly fromMs: Millis;
  readonly toMs: Millis;
  readonly turns: number;
  readonly why: string;
}

/** Result of playing a recording against today's code. */
export interface Played {
  readonly name: string;
  readonly incarnation: number;
  /** Turns that did not differ. */
  readonly turns: number;
  /** Those among them whose recording has the actor's state, as a hash or in a checkpoint. */
  readonly states: number;
  /** Recorded turns that could not be played. */
  readonly skipped: number;
  readonly unplayed: readonly UnplayedSpan[];
  /** Turns that are missing from the recording, and where. */
  readonly dropped: number;
  readonly gaps: readonly Gap[];
  /** At the first turn that differs, if there is one. */
  readonly session: ReplaySession;
  readonly divergence?: TurnReport;
}

/** Plays a recording up to the first turn that differs. */
export const playUntilDivergence = (...what: Parameters<typeof playing>): Played => atOnce(playing(...what));

/**
 * The same in steps. It ends without a divergence when the behaviour violates its contract between two turns, because the
 * violation belongs to no single turn.
 */
export function* playing(playable: Playable, definition: ActorDefinition, options: PlayOptions = {}): Steps<Played> {
  const { level = 'strict', from = 0, to = playable.turns.length - 1 } = options;
  const session = new ReplaySession(playable, definition, { level });
  session.goto(Math.min(from, to + 1) - 1);
  let turns = 0;
  let states = 0;
  const unplayed: UnplayedSpan[] = [];
  let divergence: TurnReport | undefined;
  while (divergence === undefined && session.position < to) {
    const frame = session.step();
    if (frame?.divergence !== undefined) divergence = reportTurn(session);
    else if (frame?.unplayed !== undefined) noteUnplayed(unplayed, frame.turn, frame.unplayed);
    else {
      turns += 1;
      if (frame !== undefined && hasState(frame)) states += 1;
      yield;
      if (session.noteLate() !== undefined) break;
    }
  }
  const gaps = gapsWithin(playable.turns.slice(Math.max(0, from - 1), to + 1));
  return {
    name: nameOf(playable),
    incarnation: playable.incarnation.incarnation,
    turns,
    states,
    skipped: unplayed.reduce((sum, span) => sum + span.turns, 0),
    unplayed,
    dropped: gaps.reduce((sum, gap) => sum + gap.turns, 0),
    gaps,
    session,
    ...(divergence === undefined ? {} : { divergence }),
  };
}

/** The same in slices. Also detects what the behaviour does after its turns, which is not allowed. */
export async function playAndSettle(...what: Parameters<typeof playing>): Promise<Played> {
  const played = await inSlices(playing(...what));
  const { session, divergence } = played;
  if (divergence === undefined) await session.settle();
  const found = session.frame?.divergence === undefined ? undefined : await reportWhole(session);
  return found === undefined ? played : { ...played, divergence: found };
}

/** A checkpoint records the state before it; the first turn of a recording has no played state to compare. */
const hasState = ({ index, turn: { rec, state } }: Frame): boolean =>
  state !== undefined || (index > 0 && rec.t === 'start' && rec.checkpoint !== undefined);

function noteUnplayed(spans: UnplayedSpan[], { n, now }: RecordedTurn, why: string): void {
  const last = spans.at(-1);
  if (last !== undefined && last.to === n - 1 && last.why === why)
    spans[spans.length - 1] = { ...last, to: n, toMs: now, turns: last.turns + 1 };
  else spans.push({ from: n, to: n, fromMs: now, toMs: now, turns: 1, why });
}
