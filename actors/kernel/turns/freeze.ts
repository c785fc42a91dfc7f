/** Freezes a value and everything in it: mutating an object that actors share then throws at once. */
export function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value) || ArrayBuffer.isView(value)) return value;
  Object.freeze(value);
  for (const inner of Object.values(value)) deepFreeze(inner);
  return value;
}

/** V8's messages for assigning to, adding to, deleting from or redefining a frozen object. */
const FROZEN =
  /^Cannot (?:assign to read only property|delete property|redefine property)|object is not extensible|^#<.*> is not extensible/;

/** If the error says that a frozen object (of the cache or of a cell) was mutated: a description for a violation. */
export function mutationIn(error: unknown): string | undefined {
  return error instanceof TypeError && FROZEN.test(error.message)
    ? `changed an object of the cache or of a cell, which is frozen here (${error.message})`
    : undefined;
}
