import { isRecord } from './object.ts';

/**
 * Applies a JSON merge patch (RFC 7386). Pure: the result shares what did not change with `target`.
 * `null` in the patch removes a field; anything but an object replaces.
 */
export function mergePatch(target: unknown, patch: unknown): unknown {
  if (!isRecord(patch)) return patch;
  const merged: Record<string, unknown> = isRecord(target) ? { ...target } : {};
  for (const [name, value] of Object.entries(patch)) {
    if (value === null) delete merged[name];
    else define(merged, name, mergePatch(merged[name], value));
  }
  return merged;
}

/** A field named `__proto__` must stay a field. */
function define(target: Record<string, unknown>, name: string, value: unknown): void {
  if (name === '__proto__')
    Object.defineProperty(target, name, { value, enumerable: true, configurable: true, writable: true });
  else target[name] = value;
}
