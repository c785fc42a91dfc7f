import type { Json, Self, Turn } from '../contract.ts';
import type { Outgoing } from '../turns/outgoing.ts';

/** One fresh start of an actor, with everything besides its input that its turns depend on. */
export interface Incarnation {
  readonly self: Self;
  /** Milliseconds since the Unix epoch at its start; greater with every fresh start of the instance. */
  readonly incarnation: number;
  readonly config: Json;
  readonly seed: readonly number[];
  /** Oldest revision from which the view's `since` answers at the start. */
  readonly window: number;
  readonly node: string;
  readonly icu: string;
  readonly build: string;
  /** A driver is recorded and not replayed. */
  readonly driver: boolean;
}

/** Records what an actor heard and said. It never blocks: when it cannot keep up it drops whole segments and counts them. */
export interface Recorder {
  record(incarnation: Incarnation, turn: Turn, out: readonly Outgoing[]): void;
  /** Sends everything recorded so far to the broker. */
  flush(): Promise<void>;
}
