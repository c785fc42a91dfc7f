import type { Bytes } from '../../../actors/kernel/contract.ts';
import type { RecordedTurn, SaidThen, Sealer } from '../../../actors/kernel/journal/journal.ts';
import type { Incarnation } from '../../../actors/kernel/journal/recorder.ts';
import type { History } from '../../../actors/kernel/replay.ts';

/** Everything that playing one incarnation of one actor takes, wherever it came from. */
export interface Playable {
  readonly incarnation: Incarnation;
  /** In order of number; numbers are missing where the recorder dropped turns. */
  readonly turns: readonly RecordedTurn[];
  readonly history: History;
  /** Opens bodies that carry secret data. */
  readonly sealer?: Sealer | undefined;
  readonly elsewhere?: Elsewhere | undefined;
  /** Resources of which the history tells; absent = all. */
  readonly kinds?: (() => ReadonlySet<string> | 'all') | undefined;
}

/** What was recorded of it. */
export type Recorded = Pick<Playable, 'incarnation' | 'turns' | 'sealer'>;

/** What other recordings hold of what was said in one. */
export interface Elsewhere {
  /**
   * The body of something said as whoever got it heard it, in the encoding in which it travelled.
   * @param index of the turn in which it was said
   * @returns undefined when nobody did whose recording is at hand
   */
  heard(from: Recorded, index: number, then: SaidThen): Bytes | undefined;
  /** Reads what was left unread as long as nobody needed it. @returns whether there was anything */
  complete(): Promise<boolean>;
}

/** `scheduler/m1` */
export const nameOf = ({ incarnation: { self } }: Pick<Playable, 'incarnation'>): string =>
  `${self.actor}/${self.instance}`;

/** Index of the last turn at or before a moment; -1 when all are later. */
export function indexAtTime(turns: readonly RecordedTurn[], moment: number): number {
  return lastWhere(turns, ({ now }) => now <= moment);
}
/** Index of the last turn whose number is at most `n`; -1 when all are greater. */
export function indexOfTurn(turns: readonly RecordedTurn[], n: number): number {
  return lastWhere(turns, (turn) => turn.n <= n);
}
/** Index of the last turn that saw the store at that revision or before; -1 when all are later. */
export function indexAtRevision(turns: readonly RecordedTurn[], revision: number): number {
  return lastWhere(turns, (turn) => revisionOf(turn) <= revision);
}
/** Revision of the store at which a turn saw it; 0 = the actor sees nothing of it. */
export const revisionOf = ({ view }: RecordedTurn): number => view['objects'] ?? 0;
/** Does the actor see the store? Otherwise a revision is no point of its recording. */
export const seesStore = (turns: readonly RecordedTurn[]): boolean => turns.some((turn) => revisionOf(turn) > 0);

/** In turns of which first some, then none, satisfy `holds`: the last that does. */
function lastWhere(turns: readonly RecordedTurn[], holds: (turn: RecordedTurn) => boolean): number {
  let low = 0;
  let high = turns.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (holds(turns[middle] as RecordedTurn)) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}
