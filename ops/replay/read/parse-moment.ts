import type { RecordedTurn } from '../../../actors/kernel/replay-api.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import { indexAtRevision, indexAtTime, indexOfTurn } from './playable.ts';

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** A turn by its number, a moment in milliseconds since the Unix epoch, or a revision of the store. */
export type Point = { readonly turn: number } | { readonly moment: number } | { readonly revision: number };

/**
 * Parses a point of a recording: the number of a turn; a date and time (`2026-11-24T21:50:35Z`, or as printed, in UTC,
 * `2026-11-24 21:50:35.120`); a time in UTC on the day on which the recording ends (`21:50`, `21:50:35.120`); a duration back
 * from its end (`5m`, `1h30m`); or a revision (`rev:412`).
 * @param end time of the last turn, in milliseconds since the Unix epoch
 * @throws StatusError BadRequest
 */
export function parsePoint(text: string, end: number): Point {
  if (/^\d+$/.test(text)) return { turn: Number(text) };
  const revision = /^rev:(\d+)$/.exec(text)?.[1];
  if (revision !== undefined) return { revision: Number(revision) };
  const time = /^([01]\d|2[0-3]):([0-5]\d)(?::([0-5]\d)(?:\.(\d{1,3}))?)?$/.exec(text);
  if (time !== null) {
    const [, hours, minutes, seconds = '0', fraction = '0'] = time;
    const day = new Date(end).toISOString().slice(0, 10);
    const ms = fraction.padEnd(3, '0');
    return { moment: Date.parse(`${day}T${hours}:${minutes}:${seconds.padStart(2, '0')}.${ms}Z`) };
  }
  if (/^(\d+(ms|s|m|h|d))+$/.test(text)) {
    let span = 0;
    for (const [, number, unit = ''] of text.matchAll(/(\d+)(ms|s|m|h|d)/g))
      span += Number(number) * (UNITS[unit] ?? 0);
    return { moment: end - span };
  }
  const moment = momentOf(text);
  if (moment !== undefined) return { moment };
  throw statusError(
    'BadRequest',
    `"${text}" is not a point of a recording; give a turn (1204), a time (21:50:35), a date and time (2026-11-24T21:50:35Z), a duration before the end (5m) or a revision of the store (rev:412)`,
  );
}

/** Stricter than `Date.parse`, which takes a time without a zone as local and accepts much that is not a date. */
function momentOf(text: string): number | undefined {
  const [, day, time = '00:00', zone = 'Z'] =
    /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(Z|[+-]\d\d:\d\d)?)?$/.exec(text) ?? [];
  if (day === undefined) return undefined;
  const moment = Date.parse(`${day}T${time}${zone}`);
  // `Date.parse` turns the 30th of February into the 2nd of March.
  const isDay = new Date(Date.parse(`${day}T00:00Z`) || 0).toISOString().startsWith(day);
  return isDay && Number.isFinite(moment) ? moment : undefined;
}

/** Whether one point is later than another; false for points of different kinds, which cannot be compared without the recording. */
export function isAfter(one: Point, other: Point): boolean {
  if ('turn' in one && 'turn' in other) return one.turn > other.turn;
  if ('moment' in one && 'moment' in other) return one.moment > other.moment;
  return 'revision' in one && 'revision' in other && one.revision > other.revision;
}

/** Index of the last turn up to that point; -1 = before the first. */
export function indexAt(turns: readonly RecordedTurn[], point: Point): number {
  if ('turn' in point) return indexOfTurn(turns, point.turn);
  return 'moment' in point ? indexAtTime(turns, point.moment) : indexAtRevision(turns, point.revision);
}

/** Index of the first turn from that point on; the number of turns = all are before it. */
export function indexFrom(turns: readonly RecordedTurn[], point: Point): number {
  if ('turn' in point) return indexOfTurn(turns, point.turn - 1) + 1;
  return 'moment' in point ? indexAtTime(turns, point.moment - 1) + 1 : indexAtRevision(turns, point.revision - 1) + 1;
}
