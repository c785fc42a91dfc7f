import type { CacheEntry, MemoryHistory, RecordedTurn, Write } from '../../../actors/kernel/replay-api.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { type Key, parseKey } from '../../../contracts/store/keys.ts';
import { isSealed, isSecretKey } from '../../../contracts/store/sealed.ts';
import type { Recording } from '../read/gather-recordings.ts';

/** A recording, or a part of one. */
export type Part = Pick<Recording, 'incarnation' | 'turns'>;

/**
 * The part of a recording that is needed to play the turns `from` to `to`. It begins at the last start, fresh or from a
 * checkpoint, at or before `from`, because only a start has the complete state.
 * @param from index of the first turn; -1 = the recording's beginning
 * @param to   index of the last turn
 * @returns without turns when none can be played
 */
export function planPart<P extends Part>(recording: P, from: number, to: number): P {
  const { turns, incarnation } = recording;
  if (incarnation.driver) return { ...recording, turns: turns.slice(Math.max(0, from), to + 1) }; // it is not played
  const isStart = ({ rec }: RecordedTurn): boolean => rec.t === 'start';
  const before = turns.slice(0, Math.max(0, from) + 1).findLastIndex(isStart);
  const begin = before >= 0 ? before : turns.findIndex(isStart);
  return { ...recording, turns: begin < 0 || begin > to ? [] : turns.slice(begin, to + 1) };
}

/** The revisions that recordings need: from the oldest that a first start may look back to, to that of the last turn. */
export function planRevisions(parts: readonly Part[]): { readonly from: number; readonly to: number } | undefined {
  let from = Number.POSITIVE_INFINITY;
  let to = 0;
  for (const { incarnation, turns } of parts) {
    const newest = turns.at(-1)?.view['objects'] ?? 0;
    const rec = turns[0]?.rec;
    if (newest === 0 || rec?.t !== 'start') continue; // it does not see the store
    from = Math.min(from, rec.checkpoint?.window ?? incarnation.window);
    to = Math.max(to, newest);
  }
  return to === 0 ? undefined : { from, to };
}

export interface HistorySlice {
  readonly bases: MemoryHistory['bases'];
  readonly all: readonly Write[];
  readonly holes: MemoryHistory['holes'];
}

/**
 * The part of a history between two revisions, and what the store held at the first. Secrets in it are sealed.
 * @param wanted whether a resource is needed
 */
export function planHistory(
  history: MemoryHistory,
  revisions: { readonly from: number; readonly to: number } | undefined,
  wanted: (resource: string) => boolean,
): HistorySlice {
  if (revisions === undefined) return { bases: [], all: [], holes: [] };
  const { from, to } = revisions;
  const isWanted = ({ key }: { readonly key: Key }): boolean => wanted(parseKey(key)?.resource ?? '');
  const within = (entries: Iterable<CacheEntry>): CacheEntry[] =>
    [...entries].filter(isWanted).map((entry) => ({ ...entry, object: closed(entry.key, entry.object) }));
  const known = history.missing(from) === undefined;
  const later = history.bases.filter(({ revision }) => revision > from && revision <= to);
  return {
    bases: [
      ...(known ? [{ revision: from, entries: within(history.stateAt(from)) }] : []),
      ...later.map(({ revision, entries }) => ({ revision, entries: within(entries) })),
    ],
    all: [...history.writes(from, to)].filter(isWanted).map(closedWrite),
    holes: [
      ...(known ? [] : [{ first: 1, last: from }]),
      ...history.holes.filter(({ first, last }) => last > from && first <= to),
    ],
  };
}

const closedWrite = (write: Write): Write =>
  write.object === undefined ? write : { ...write, object: closed(write.key, write.object) };

/** A Secret whose data is not sealed (there was no key) is exported without data. */
function closed(key: Key, object: KubeObject): KubeObject {
  if (!isSecretKey(key) || isSealed(object)) return object;
  const { apiVersion, kind, metadata } = object;
  const { annotations: _, ...rest } = metadata ?? {};
  return { apiVersion, kind, metadata: rest } as KubeObject;
}
