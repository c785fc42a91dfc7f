import type { Incarnation, RecordedTurn, Segment } from '../../../actors/kernel/replay-api.ts';
import { type Gap, planGaps } from './plan-gaps.ts';

/** The recorded turns of one start (incarnation) of one actor instance. */
export interface Recording {
  readonly incarnation: Incarnation;
  /** In order of number, without duplicates. */
  readonly turns: readonly RecordedTurn[];
  readonly segments: number;
  /** Stored size of the segments. */
  readonly bytes: number;
  /** Turns that the recorder dropped. */
  readonly dropped: number;
  readonly gaps: readonly Gap[];
}

interface Gathered {
  readonly incarnation: Incarnation;
  readonly turns: RecordedTurn[];
  segments: number;
  bytes: number;
  dropped: number;
}

/** Assembles segments, which may come in any order, into recordings, sorted by start. */
export class RecordingGatherer {
  readonly #found = new Map<string, Gathered>();

  add({ incarnation, turns, gap }: Segment, bytes: number): void {
    const { self } = incarnation;
    const id = `${self.actor}/${self.instance}/${incarnation.incarnation}/${self.epoch ?? ''}`;
    let recording = this.#found.get(id);
    if (recording === undefined) {
      recording = { incarnation, turns: [], segments: 0, bytes: 0, dropped: 0 };
      this.#found.set(id, recording);
    }
    for (const turn of turns) recording.turns.push(turn);
    recording.segments += 1;
    recording.bytes += bytes;
    recording.dropped += gap;
  }

  recordings(): readonly Recording[] {
    const all = [...this.#found.values()].map(({ turns, ...rest }): Recording => {
      // A segment may be stored twice (after a lost acknowledgement) or before an older one.
      const ordered = turns.sort((a, b) => a.n - b.n).filter(({ n }, at) => n !== turns[at - 1]?.n);
      return { ...rest, turns: ordered, gaps: planGaps(ordered) };
    });
    return all.sort((a, b) => a.incarnation.incarnation - b.incarnation.incarnation);
  }
}
