/** A whole checkpoint and when it was taken, in milliseconds since the epoch. */
export interface CheckpointMoment {
  readonly revision: number;
  readonly takenAt: number;
}

/** Actors' views lag behind the store, and clocks differ a little. */
const MARGIN_MS = 60_000;

/**
 * Journal, checkpoints and history share one retention: what the journal has forgotten needs no history any more.
 * @param journal.oldestAt when the oldest kept record was stored; absent when there is none
 * @param journal.maxAgeMs how long records are kept; 0 = for ever
 * @returns revision of the checkpoint from which everything must be kept, or `undefined`: nothing may be dropped
 */
export function planRetention(
  checkpoints: readonly CheckpointMoment[],
  journal: { readonly now: number; readonly maxAgeMs: number; readonly oldestAt: number | undefined },
): number | undefined {
  if (journal.maxAgeMs === 0 && journal.oldestAt === undefined) return undefined;
  const oldest = journal.oldestAt ?? journal.now - journal.maxAgeMs;
  return checkpoints.findLast((checkpoint) => checkpoint.takenAt <= oldest - MARGIN_MS)?.revision;
}
