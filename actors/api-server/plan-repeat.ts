import { isRecord, type Obj } from './object.ts';

const SAME = ['reason', 'message', 'type'] as const;

const subject = (event: Obj): unknown => (event['involvedObject'] as { readonly uid?: string } | undefined)?.uid;
const countOf = (event: Obj): number => (typeof event['count'] === 'number' ? event['count'] : 1);

/**
 * An event that is told once more, in the storage version: the stored one with its count raised by that of the new one
 * and the new one's last time. Pure.
 * @returns undefined when the two do not say the same of the same object
 */
export function repeated(stored: Obj, told: Obj): Obj | undefined {
  if (subject(stored) !== subject(told) || SAME.some((field) => stored[field] !== told[field])) return undefined;
  const count = countOf(stored) + countOf(told);
  const lastTimestamp = told['lastTimestamp'] ?? told.metadata.creationTimestamp;
  const series = stored['series'];
  if (!isRecord(series)) return { ...stored, count, lastTimestamp };
  const lastObservedTime = told['eventTime'] ?? series['lastObservedTime'];
  return { ...stored, count, lastTimestamp, series: { ...series, count, lastObservedTime } };
}
