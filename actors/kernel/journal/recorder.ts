import type { Json, Self, Turn } from '../contract.ts';
import type { Outgoing } from '../turns/outgoing.ts';

/** Everything about an incarnation that its turns depend on, besides the turns. */
export interface Incarnation {
  readonly self: Self;
  /** Rises with every fresh start of this instance: milliseconds since the Unix epoch at its start. */
  readonly incarnation: number;
  readonly config: Json;
  readonly seed: readonly number[];
  /** Oldest revision from which the view's `since` answered at the start. */
  readonly window: number;
  readonly node: string;
  readonly icu: string;
  readonly build: string;
  /** Drivers are recorded, not replayed. */
  readonly driver: boolean;
  /** Told of the changes that its declaration says to concern it. Absent in older recordings: of every change of what it watches. */
  readonly selective?: boolean;
  /** What went wrong in its turns is recorded behind what they said. Absent in older recordings: nothing is known of that. */
  readonly reports?: boolean;
}

/** Takes what an actor heard and said. Never blocks: when it cannot keep up it drops whole segments and says so. */
export interface Recorder {
  record(incarnation: Incarnation, turn: Turn, out: readonly Outgoing[]): void;
  /** Hands everything recorded so far to the broker. */
  flush(): Promise<void>;
}
