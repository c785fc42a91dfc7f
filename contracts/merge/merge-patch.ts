import { statusError } from '../errors/status.ts';
import { isPlain, own, type Plain } from '../json-values.ts';

/** Deeper than any valid object; limits the recursion over untrusted input. */
const MAX_DEPTH = 64;

function merge(target: unknown, patch: unknown, depth: number): unknown {
  if (depth > MAX_DEPTH) {
    throw statusError(
      'BadRequest',
      `merge patch: the patch is nested deeper than ${MAX_DEPTH} levels; send a flatter one`,
    );
  }
  if (!isPlain(patch)) return patch;
  const base: Plain = isPlain(target) ? target : {};
  const merged = new Map(Object.entries(base));
  for (const name of Object.keys(patch)) {
    if (patch[name] === null) merged.delete(name);
    else if (patch[name] !== undefined) {
      merged.set(name, merge(own(base, name), patch[name], depth + 1));
    }
  }
  return Object.fromEntries(merged); // defines own fields, so that a field called __proto__ stays a field
}

/**
 * JSON merge patch (RFC 7396): structs are merged, null deletes, everything else replaces. Neither argument is changed; the
 * result shares unpatched parts with `target`.
 * @throws StatusError BadRequest when the patch is nested deeper than 64 levels
 */
export const mergePatch = (target: unknown, patch: unknown): unknown => merge(target, patch, 0);
