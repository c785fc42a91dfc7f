/* All that ops/replay and ops/cli/replay may import of actors/; ops/config/depcruise.cjs enforces it. */
export type { AskId, Bytes, Cell, Hash, Id, Json, LastingAsk, Millis, Rec, Ref, Self, World } from './contract.ts';
export type { ActorDefinition } from './declare.ts';
export { bodyIn, isHashOf, type Level, sameThing } from './journal/compare-said.ts';
export {
  decodeSegment,
  encodeSegment,
  isKeptBySender,
  isPodsMessage,
  type RecordedTurn,
  SAID_BYTES_MAX,
  type SaidThen,
  type Sealer,
  type Segment,
} from './journal/journal.ts';
export type { Incarnation } from './journal/recorder.ts';
export { boxOf, openRec } from './journal/sealed-record.ts';
export { type Divergence, Player, replayAndSettle, type Skip } from './replay.ts';
export { callFinder, callOf } from './replay-calls.ts';
export type {
  NodeScore,
  PlacementTable,
  PossibleBody,
  ReplayKnowledge,
  StoreWrites,
  TurnInReplay,
} from './replay-knowledge.ts';
export { atOnce, inSlices, SLICE_MS, type Steps, settled } from './slices.ts';
export { LATEST_HEADER } from './turns/call-routing.ts';
export type { Outgoing } from './turns/outgoing.ts';
export { watchedResources } from './turns/pending-changes.ts';
export { Cache, type CacheEntry, type Write, withRevision } from './view/cache.ts';
export { type Base, type History, MemoryHistory, type Revisions } from './view/memory-history.ts';
