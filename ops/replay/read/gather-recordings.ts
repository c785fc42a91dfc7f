import type { RecordedTurn, Segment } from '../../../actors/kernel/journal/journal.ts';
import type { Incarnation } from '../../../actors/kernel/journal/recorder.ts';
import { type Gap, planGaps } from './plan-gaps.ts';

/** Everything recorded of one incarnation of one actor instance. */
export interface Recording {
  readonly incarnation: Incarnation;
  /** In order of number, none twice. */
  readonly turns: readonly RecordedTurn[];
  readonly segments: number;
  /** Of the segments, as they are stored. */
  readonly bytes: number;
  /** Turns that the recorder dropped. */
  readonly dropped: number;
  readonly gaps: readonly Gap[];
  /** Oldest format of its segments. */
  readonly format: number;
}

interface Gathered {
  readonly incarnation: Incarnation;
  readonly turns: RecordedTurn[];
  segments: number;
  bytes: number;
  dropped: number;
  format: number;
}

/** Puts segments together, in whatever order they come, to recordings in the order in which they began. */
export class RecordingGatherer {
  readonly #found = new Map<string, Gathered>();

  add({ incarnation, turns, gap, v }: Segment, bytes: number): void {
    const { self } = incarnation;
    const id = `${self.actor}/${self.instance}/${incarnation.incarnation}/${self.epoch ?? ''}`;
    let recording = this.#found.get(id);
    if (recording === undefined) {
      recording = { incarnation, turns: [], segments: 0, bytes: 0, dropped: 0, format: v };
      this.#found.set(id, recording);
    }
    for (const turn of turns) recording.turns.push(turn);
    recording.segments += 1;
    recording.bytes += bytes;
    recording.dropped += gap;
    recording.format = Math.min(recording.format, v);
  }

  recordings(): readonly Recording[] {
    const all = [...this.#found.values()].map(({ turns, ...rest }): Recording => {
      // A segment that was sent again after a lost acknowledgement, or overtook another, must not disturb the order.
      const ordered = turns.sort((a, b) => a.n - b.n).filter(({ n }, at) => n !== turns[at - 1]?.n);
      return { ...rest, turns: ordered, gaps: planGaps(ordered) };
    });
    return all.sort((a, b) => a.incarnation.incarnation - b.incarnation.incarnation);
  }
}
