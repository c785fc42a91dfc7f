import { DEPTH_MAX, tooDeep } from './decoding-budget.ts';

/** Copies a value so that no part of it is shared: aliases of YAML share theirs. @throws Error when it is too deep */
export function unshared(value: unknown, depth = 0): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (depth === DEPTH_MAX) throw new Error(tooDeep('with its aliases expanded it is'));
  if (Array.isArray(value)) return value.map((item) => unshared(item, depth + 1));
  return Object.fromEntries(Object.entries(value).map(([name, item]) => [name, unshared(item, depth + 1)]));
}
