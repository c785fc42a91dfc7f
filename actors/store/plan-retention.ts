/** How long and how large what can be played back may become: journal, history and checkpoints together. */
export interface Keep {
  /** 0 = for ever. */
  readonly maxAgeMs: number;
  readonly maxBytes: number;
}

export const KEEP: Keep = { maxAgeMs: 7 * 86_400_000, maxBytes: 4 * 2 ** 30 };

/** A whole checkpoint and when it was taken, in milliseconds since the epoch. */
export interface CheckpointMoment {
  readonly revision: number;
  readonly takenAt: number;
}

/**
 * How far before a record the history may begin that it needs: actors' views look back ten minutes from their checkpoints,
 * which they take every quarter of an hour at least; and views lag behind the store, and clocks differ, a little.
 */
const LOOKS_BACK_MS = 1_800_000;

export interface Retention {
  /** Revision of the checkpoint from which everything must be kept; absent: nothing of the history may be dropped. */
  readonly historyFrom?: number;
  /** Records from before this moment are to be dropped first: together they are too large. */
  readonly journalFrom?: number;
}

/**
 * Journal, checkpoints and history share one retention. The broker drops the journal's tail by its age; what no kept record
 * refers to needs no history any more. When all three are too large, the journal is cut so far that one checkpoint's worth
 * of history becomes free; the next look goes on from there.
 * @param checkpoints by ascending revision
 * @param journal.oldestAt when the oldest kept record was stored; absent when there is none
 * @param bytes of all three
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
