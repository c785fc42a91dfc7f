import { isPlain } from '../../../contracts/json-values.ts';
import type { Obj } from '../object.ts';

const SAME = ['reason', 'message', 'type'] as const;

const subject = (event: Obj): unknown => (event['involvedObject'] as { readonly uid?: string } | undefined)?.uid;
const countOf = (event: Obj): number => (typeof event['count'] === 'number' ? event['count'] : 1);

/** When it was last told, as exactly as its teller said. */
const toldAt = (event: Obj): unknown =>
  isPlain(event['series']) ? event['series']['lastObservedTime'] : event['eventTime'];

/**
 * An event that is told once more, in the storage version: the stored one with its count raised by that of the new one
 * and the new one's last time. Pure.
 * @returns the stored one itself when this very telling is in it: its teller got no answer and told it again;
 * undefined when the two do not say the same of the same object
 */
export function repeated(stored: Obj, told: Obj): Obj | undefined {
  if (subject(stored) !== subject(told) || SAME.some((field) => stored[field] !== told[field])) return undefined;
  const { eventTime } = told;
  if (eventTime !== undefined && eventTime === toldAt(stored)) return stored;
  const count = countOf(stored) + countOf(told);
  const lastTimestamp = told['lastTimestamp'] ?? told.metadata.creationTimestamp;
  const series = isPlain(stored['series']) ? stored['series'] : undefined;
  if (series === undefined && eventTime === undefined) return { ...stored, count, lastTimestamp };
  const lastObservedTime = eventTime ?? series?.['lastObservedTime'];
  return { ...stored, count, lastTimestamp, series: { ...series, count, lastObservedTime } };
}
