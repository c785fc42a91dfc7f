import type { Bytes, History, Incarnation, RecordedTurn, SaidThen, Sealer } from '../../../actors/kernel/replay-api.ts';

/** A recording of one start (incarnation) of one actor, with everything that is needed to play it. */
export interface Playable {
  readonly incarnation: Incarnation;
  /** In order of number; numbers are missing when the recorder dropped turns. */
  readonly turns: readonly RecordedTurn[];
  readonly history: History;
  /** Opens bodies that carry secret data. */
  readonly sealer?: Sealer | undefined;
  readonly elsewhere?: Elsewhere | undefined;
  /** Resources that the history covers; absent = all. */
  readonly kinds?: ReadonlySet<string> | 'all' | undefined;
}

/** A recording without the history. */
export type Recorded = Pick<Playable, 'incarnation' | 'turns' | 'sealer'>;

/** Looks up, in other recordings, bodies that a recording holds only as a hash. */
export interface Elsewhere {
  /**
   * The body of something said, as its receiver recorded it, in the encoding that it was sent in.
   * @param index of the turn in which it was said
   * @returns undefined when no available recording holds it
   */
  heard(from: Recorded, index: number, then: SaidThen): Bytes | undefined;
  /** Reads the recordings that were not read yet. @returns whether there were any */
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
/** Index of the last turn whose view was at that revision or an earlier one; -1 when all are later. */
export function indexAtRevision(turns: readonly RecordedTurn[], revision: number): number {
  return lastWhere(turns, (turn) => revisionOf(turn) <= revision);
}
/** Revision of the store that a turn saw; 0 = the actor does not see the store. */
export const revisionOf = ({ view }: RecordedTurn): number => view['objects'] ?? 0;
/** Whether the actor sees the store. If not, a revision does not identify a turn. */
export const seesStore = (turns: readonly RecordedTurn[]): boolean => turns.some((turn) => revisionOf(turn) > 0);

/** Binary search: index of the last turn that satisfies `holds`, which no later turn does. */
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
