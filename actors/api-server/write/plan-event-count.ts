import { isPlain } from '../../../contracts/json-values.ts';
import type { Obj } from '../object.ts';

const SAME = ['reason', 'message', 'type'] as const;

const subject = (event: Obj): unknown => (event['involvedObject'] as { readonly uid?: string } | undefined)?.uid;
const countOf = (event: Obj): number => (typeof event['count'] === 'number' ? event['count'] : 1);

/** The precise time of the last occurrence, if the reporter set one. */
const lastTime = (event: Obj): unknown =>
  isPlain(event['series']) ? event['series']['lastObservedTime'] : event['eventTime'];

/**
 * The stored event with the count and time of one more occurrence, both in the storage version. Pure.
 * @returns the stored event itself when it includes this occurrence already, because the reporter sent it again after a
 * lost answer; undefined when the two events differ in object, type, reason or message
 */
export function countedEvent(stored: Obj, event: Obj): Obj | undefined {
  if (subject(stored) !== subject(event) || SAME.some((field) => stored[field] !== event[field])) return undefined;
  const { eventTime } = event;
  if (eventTime !== undefined && eventTime === lastTime(stored)) return stored;
  const count = countOf(stored) + countOf(event);
  const lastTimestamp = event['lastTimestamp'] ?? event.metadata.creationTimestamp;
  const series = isPlain(stored['series']) ? stored['series'] : undefined;
  if (series === undefined && eventTime === undefined) return { ...stored, count, lastTimestamp };
  const lastObservedTime = eventTime ?? series?.['lastObservedTime'];
  return { ...stored, count, lastTimestamp, series: { ...series, count, lastObservedTime } };
}
