import type { WatchEvent } from '../../../contracts/messages/api.ts';
import { atRevision, type Obj } from '../object.ts';

/** A change as far as a watch needs it. */
export interface Transition {
  readonly revision: number;
  readonly before?: Obj | undefined;
  readonly after?: Obj | undefined;
}
export type ObjectEvent = WatchEvent<Obj> & { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' };

/**
 * What a watch with a selector tells of a change: an object that begins to match is ADDED, one that stops to match or
 * goes is DELETED, with the revision of that change. Pure.
 */
export function planEvent(
  { revision, before, after }: Transition,
  selects: (object: Obj) => boolean,
): ObjectEvent | undefined {
  const was = before !== undefined && selects(before);
  if (after !== undefined && selects(after)) return { type: was ? 'MODIFIED' : 'ADDED', object: after };
  return was ? { type: 'DELETED', object: atRevision(before, revision) } : undefined;
}

/** How far a reader has come. Counts are of events since the watch began. */
export type Flow = {
  readonly sent: number;
  readonly acknowledged: number;
  /** Bookmarks that wait for an answer, oldest first: [revision, events sent before it]. */
  readonly marks: readonly (readonly [revision: number, sent: number])[];
  /** Timed bookmarks sent since the last answer. */
  readonly missed: number;
  /** When the next timed bookmark is due; milliseconds since the Unix epoch. */
  readonly markAt: number;
};

/** Marks kept at most: an answer to a forgotten older one is as good as none, to a newer one it counts all before. */
const MARKS_MAX = 16;

export const marked = (flow: Flow, revision: number, timed: boolean, nextAt: number): Flow => ({
  ...flow,
  marks: [...flow.marks.slice(1 - MARKS_MAX), [revision, flow.sent] as const],
  missed: flow.missed + (timed ? 1 : 0),
  markAt: nextAt,
});

/** @param revision of the bookmark that is answered; `undefined` = the newest */
export function acknowledged(flow: Flow, revision: number | undefined): Flow {
  const upTo = revision === undefined ? flow.marks.length - 1 : flow.marks.findLastIndex(([mark]) => mark <= revision);
  const mark = flow.marks[upTo];
  if (mark === undefined) return { ...flow, missed: 0 };
  return { ...flow, acknowledged: mark[1], marks: flow.marks.slice(upTo + 1), missed: 0 };
}

/** Events since the newest bookmark. */
export const sinceMark = (flow: Flow): number => flow.sent - (flow.marks.at(-1)?.[1] ?? flow.acknowledged);
export const unacknowledged = (flow: Flow): number => flow.sent - flow.acknowledged;
