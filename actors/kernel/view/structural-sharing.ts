/**
 * The newer of two versions of one JSON value, in which every part that is as it was is the older one's part itself. So a
 * history of versions costs what changed, and "is this part as it was?" can be answered by identity.
 * Pure to whoever compares by value: the result has the same JSON, in the same order of keys. Parts of `after` are replaced
 * in place, so it must belong to the caller; what is frozen of it stays as it is, and so is what lies deeper than `levels`.
 */
export function shareParts<T>(before: unknown, after: T, levels = LEVELS_MAX): T {
  if (!isObject(before) || !isObject(after) || before === after || levels === 0) return after;
  return (Array.isArray(after) ? shareItems(before, after, levels - 1) : shareFields(before, after, levels - 1)) as T;
}

/** No object of ours is nested so deep; some can be made that are nested deeper than the stack goes. */
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
    else if (!fixed) after[at] = was; // also texts: the older one is kept anyway
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
    if (name !== namesBefore[at]) same = false; // another order is another text, and another hash
    if (!Object.hasOwn(before, name)) continue;
    const was = (before as Fields)[name];
    const part = shareParts(was, (after as Fields)[name], levels);
    if (part !== was) same = false;
    else if (!fixed && name !== '__proto__') (after as Fields)[name] = was;
  }
  return same ? before : after;
}

const isObject = (value: unknown): value is object => typeof value === 'object' && value !== null;
