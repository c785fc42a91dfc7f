import type { RecordedTurn, Sealer } from '../../actors/kernel/journal.ts';
import type { Incarnation } from '../../actors/kernel/recorder.ts';
import type { History } from '../../actors/kernel/replay.ts';

/** Everything that playing one incarnation of one actor takes, wherever it came from. */
export interface Playable {
  readonly incarnation: Incarnation;
  /** In order of number; numbers are missing where the recorder dropped turns. */
  readonly turns: readonly RecordedTurn[];
  readonly history: History;
  /** Opens bodies that carry secret data. */
  readonly sealer?: Sealer | undefined;
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
