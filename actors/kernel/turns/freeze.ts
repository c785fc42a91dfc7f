/** Freezes a value and everything in it, so that whoever mutates what all actors share is caught in the act. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

/** How the engine words that a frozen object was assigned to, added to, cut down or redefined. */
const FROZEN =
  /^Cannot (?:assign to read only property|delete property|redefine property)|object is not extensible|^#<.*> is not extensible/;

/** What a behaviour did to a frozen object (one of the cache's, or of a cell), if that is what the error tells of. */
export function mutationIn(error: unknown): string | undefined {
  return error instanceof TypeError && FROZEN.test(error.message)
    ? `changed an object of the cache or of a cell, which is frozen here (${error.message})`
    : undefined;
}
