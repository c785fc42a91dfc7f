export type Plain = Record<string, unknown>;

/** Is it a plain object, as parsed from JSON, YAML or MessagePack; no class instance, array or null? Never throws. */
export function isPlain(value: unknown): value is Plain {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return false;
  try {
    const proto: unknown = Object.getPrototypeOf(value);
    return proto === Object.prototype || proto === null;
  } catch {
    return false; // a revoked proxy
  }
}

const isEmpty = (value: unknown): boolean =>
  value === undefined ||
  value === null ||
  (typeof value === 'object' && (Array.isArray(value) ? value.length === 0 : Object.keys(value).length === 0));

/**
 * Are two JSON values equal by Kubernetes' rules? Absent, null, `[]` and `{}` are equal, as nil and empty are in Go. The
 * order of fields does not matter; the order of lists does.
 */
export function sameValue(a: unknown, b: unknown): boolean {
  if (a === b) return true;
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a) !== Array.isArray(b)) return isEmpty(a) && isEmpty(b);
  if (Array.isArray(a)) {
    const other = b as readonly unknown[];
    return a.length === other.length && a.every((item, index) => sameValue(item, other[index]));
  }
  return sameFields(a as Plain, b as Plain);
}

function sameFields(a: Plain, b: Plain): boolean {
  for (const name of Object.keys(a)) if (!sameValue(a[name], b[name])) return false;
  for (const name of Object.keys(b)) if (!Object.hasOwn(a, name) && !isEmpty(b[name])) return false;
  return true;
}

/** The record's own entry under a name from outside; `undefined` for inherited names such as `constructor`. */
export const own = <T>(record: Readonly<Record<string, T>> | undefined, name: string): T | undefined =>
  record !== undefined && Object.hasOwn(record, name) ? record[name] : undefined;
