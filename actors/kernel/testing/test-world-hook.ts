import type { RecordedTurn } from '../journal/journal.ts';
import type { Incarnation } from '../journal/recorder.ts';
import type { Write } from '../view/cache.ts';

/** Everything that a test world has recorded: enough to replay it. */
export interface WorldRecording {
  readonly incarnation: Incarnation;
  readonly turns: readonly RecordedTurn[];
  readonly writes: readonly Write[];
}

/** What the test set-up needs of a test world. */
export interface RecordedWorld {
  recording(): WorldRecording;
}

/** `made` is called with each new test world; the test set-up saves the recordings of a test that fails. */
export const testWorldHook: { made?: (world: RecordedWorld) => void } = {};
