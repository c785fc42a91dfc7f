/** Limits of what can be replayed: journal, history and checkpoints together. */
export interface Keep {
  /** 0 = no limit. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export const KEEP: Keep = { maxAgeMs: 7 * 86_400_000, maxBytes: 4 * 2 ** 30 };

/** A complete checkpoint and when it was taken, in milliseconds since the epoch. */
export interface CheckpointMoment {
  readonly revision: number;
  readonly takenAt: number;
}

/**
 * How much history before a record a replay of it may need: actors' views look back ten minutes from their checkpoints,
 * which are taken at least every quarter of an hour; the rest is for views that lag behind the store and for clock skew.
 */
const LOOKS_BACK_MS = 1_800_000;

export interface Retention {
  /** Revision of the checkpoint from which the history must be kept; absent: all of it must be kept. */
  readonly historyFrom?: number;
  /** Records stored before this moment must be dropped first, because of the limit of size. */
  readonly journalFrom?: number;
}

/**
 * Decides what journal, checkpoints and history can drop; they share one retention. Pure. nats-server drops old records of
 * the journal by age, and history that no kept record refers to is not needed any more. When the three together are too
 * large, the journal is cut far enough to free the history of one checkpoint; the next run continues from there.
 * @param checkpoints by ascending revision
 * @param journal.oldestAt when the oldest kept record was stored; absent when there is none
 * @param bytes size of the three together
 */
export function planRetention(
  checkpoints: readonly CheckpointMoment[],
  journal: { readonly now: number; readonly oldestAt: number | undefined },
  keep: Keep,
  bytes: number,
): Retention {
  if (keep.maxAgeMs === 0 && journal.oldestAt === undefined) return {};
  const oldest = journal.oldestAt ?? journal.now - keep.maxAgeMs;
  const base = checkpoints.findLastIndex(({ takenAt }) => takenAt <= oldest - LOOKS_BACK_MS);
  const next = checkpoints[base + 1];
  if (bytes > keep.maxBytes && next !== undefined && next.takenAt + LOOKS_BACK_MS < journal.now)
    return { historyFrom: next.revision, journalFrom: next.takenAt + LOOKS_BACK_MS };
  const { revision } = checkpoints[base] ?? {};
  return revision === undefined ? {} : { historyFrom: revision };
}
