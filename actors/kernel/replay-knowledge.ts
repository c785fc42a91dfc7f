import type { ContentType } from '../../contracts/codec/codec.ts';
import type { Binding } from '../../contracts/messages/api.ts';
import type { Bytes, Json, Said, View } from './contract.ts';
import type { RecordedTurn, SaidThen, Sealer } from './journal/journal.ts';
import type { Incarnation } from './journal/recorder.ts';
import type { Outgoing } from './turns/outgoing.ts';
import type { Cache } from './view/cache.ts';
import type { History } from './view/memory-history.ts';

/** What an actor declares about itself for the replay tools, in its own folder. All fields are optional. */
export interface ReplayKnowledge {
  /** Checks a recorded configuration before an actor is made from it. @returns what is wrong with it */
  readonly checkConfig?: (config: Json) => string | undefined;
  /** What a decision is called when decisions are counted, by the entry of `says`: `{ bind: 'placement' }`. */
  readonly nouns?: Readonly<Record<string, string>>;
  /** The entry of `says` that matters most to a reader; a turn that uses it is suggested first. */
  readonly mainSay?: string;
  /**
   * Possible bodies of something that was recorded only as a hash. The caller compares their hashes.
   * @throws StatusError when the request was one that the actor rejects
   */
  readonly bodiesOf?: (turn: TurnInReplay, said: SaidThen) => Iterable<PossibleBody>;
  readonly storeWrites?: StoreWrites;
  readonly placements?: Placements;
}

/** One turn of a recording under replay. */
export interface TurnInReplay {
  readonly incarnation: Incarnation;
  readonly turns: readonly RecordedTurn[];
  /** Which of the turns. */
  readonly index: number;
  readonly turn: RecordedTurn;
  readonly history: History;
  readonly sealer?: Sealer | undefined;
  /** What today's code says in it. */
  readonly says: readonly Outgoing[];
  /** The view of the actor. */
  readonly view: () => Cache;
  readonly viewAt: (revision: number) => Cache;
  /** Cells after the turn. */
  readonly cells: () => Readonly<Record<string, Json>>;
  /** Cells that the turn changed, with their values before it. */
  readonly cellsBefore: ReadonlyMap<string, Json | undefined>;
}

export interface PossibleBody {
  readonly body: unknown;
  /** Its encoding. */
  readonly type: ContentType;
}

/** Which requests of an actor write to the store, and how to read the answers. */
export interface StoreWrites {
  /** Whether something said asks the store for a write. */
  readonly isWrite: (said: SaidThen) => boolean;
  /** Revision that the answer to a write names. */
  readonly revisionIn: (answer: Bytes) => number | undefined;
}

/** What a scheduler thought of one node for one pod. */
export interface NodeScore {
  readonly node: string;
  /** Why the pod cannot run there, in Kubernetes' words; absent when it can. */
  readonly refused?: readonly string[];
  /** Points by the name of the scoring, weight included. */
  readonly points: Readonly<Record<string, number>>;
  readonly total: number;
  /** Of equal totals the highest is chosen; 0 when it was not recorded. */
  readonly tie: number;
}

/** How a placement came about, as a table. */
export interface PlacementTable {
  readonly namespace: string;
  readonly pod: string;
  /** Absent when the pod fits no node. */
  readonly chosen?: string;
  /** The best first, then those that the pod cannot run on. Nodes that were not examined are left out. */
  readonly nodes: readonly NodeScore[];
  /** How many more nodes fit; none of them has more points than the last one listed. Absent = none. */
  readonly unseen?: number;
}

/** What a scheduler knew in a turn, and what it said. */
export interface PlacementTurn {
  readonly view: View;
  /** Its cells before the turn and after it. */
  readonly before: Readonly<Record<string, Json>>;
  readonly after: Readonly<Record<string, Json>>;
  readonly said: readonly Pick<Said, 'say' | 'body'>[];
}

/** One thing said, decoded. */
export interface SaidInReplay {
  readonly say: string;
  readonly body: unknown;
  readonly why?: Json;
}

/** How an actor that places pods explains its placements. */
export interface Placements {
  /** The binding in something said; `undefined` when it is not a binding. */
  readonly bindingIn: (said: SaidInReplay) => Partial<Binding> | undefined;
  /** The table that was recorded with a binding. */
  readonly recorded: (said: SaidInReplay) => PlacementTable | undefined;
  /** The tables of all placements of a turn, computed by today's code. */
  readonly explain: (turn: PlacementTurn) => readonly PlacementTable[];
}
