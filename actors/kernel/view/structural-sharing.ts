/**
 * Structural sharing: returns the newer of two versions of a JSON value, with every unchanged part replaced by that part of
 * the older version. A history of versions then costs only as much memory as the changes, and unchanged parts are identical.
 * The result has the same JSON text as `after`, in the same key order. Parts of `after` are replaced in place, so `after`
 * must belong to the caller. Frozen parts are left unchanged, as is everything deeper than `levels`.
 */
export function shareParts<T>(before: unknown, after: T, levels = LEVELS_MAX): T {
  if (!isObject(before) || !isObject(after) || before === after || levels === 0) return after;
  return (Array.isArray(after) ? shareItems(before, after, levels - 1) : shareFields(before, after, levels - 1)) as T;
}

/** Deeper than any object of ours; input can be nested deeper than the call stack allows. */
const LEVELS_MAX = 100;

type Fields = Record<string, unknown>;

function shareItems(before: object, after: unknown[], levels: number): unknown {
  if (!Array.isArray(before)) return after;
  const fixed = Object.isFrozen(after);
  let same = before.length === after.length;
  for (let at = 0; at < after.length; at++) {
    const was: unknown = before[at];
    const part = shareParts(was, after[at], levels);
    if (part !== was) same = false;
    else if (!fixed) after[at] = was; // strings too: the older copy stays in memory anyway
  }
  return same ? before : after;
}

function shareFields(before: object, after: object, levels: number): unknown {
  if (Array.isArray(before)) return after;
  const names = Object.keys(after);
  const namesBefore = Object.keys(before);
  const fixed = Object.isFrozen(after);
  let same = names.length === namesBefore.length;
  for (let at = 0; at < names.length; at++) {
    const name = names[at] as string;
    if (name !== namesBefore[at]) same = false; // another key order is another JSON text and another hash
    if (!Object.hasOwn(before, name)) continue;
    const was = (before as Fields)[name];
    const part = shareParts(was, (after as Fields)[name], levels);
    if (part !== was) same = false;
    else if (!fixed && name !== '__proto__') (after as Fields)[name] = was;
  }
  return same ? before : after;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
