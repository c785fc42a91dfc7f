import type { Json } from '../../../actors/kernel/replay-api.ts';
import type { CellChange } from './cell-log.ts';

/** A watched value before and after a turn. */
export interface Watched {
  readonly cell: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * What a turn did to a watched value.
 * @param path name of a cell, and optionally a path into it, with `*` for any part of either: `start`, `wait/*`,
 *   `assumed/pods.a.b.node`, `assumed/*.node`
 */
export function changesOf(path: string, changes: readonly CellChange[]): readonly Watched[] {
  return changes.flatMap(({ name, before, after }) => {
    const way = wayInto(path, name);
    if (way === undefined) return [];
    const was = new Map(reached(name, before, way));
    const is = new Map(reached(name, after, way));
    return [...new Set([...was.keys(), ...is.keys()])].flatMap((cell): Watched[] => {
      const watched = { cell, before: was.get(cell), after: is.get(cell) };
      return JSON.stringify(watched.before) === JSON.stringify(watched.after) ? [] : [watched];
    });
  });
}

/** The current values that a watch matches. */
export function valuesOf(path: string, cells: Iterable<readonly [string, Json]>): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = {};
  for (const [name, value] of cells) {
    const way = wayInto(path, name);
    if (way !== undefined) Object.assign(values, Object.fromEntries(reached(name, value, way)));
  }
  return values;
}

/** @returns the fields to follow in the cell of that name; undefined when the path does not match the cell */
function wayInto(path: string, name: string): readonly string[] | undefined {
  // Names may contain dots: the longest possible part of the path is the name.
  for (let end = path.length; end > 0; end = path.lastIndexOf('.', end - 1)) {
    if (fits(path.slice(0, end), name)) return end === path.length ? [] : path.slice(end + 1).split('.');
  }
  return undefined;
}

/** @param pattern in which `*` matches anything */
function fits(pattern: string, text: string): boolean {
  if (!pattern.includes('*')) return pattern === text;
  const parts = pattern.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}$`).test(text);
}

/** The values that a path leads to, by the cell's name, with the path appended when it contains a `*`. */
function* reached(name: string, value: Json | undefined, way: readonly string[]): Iterable<[string, Json]> {
  const several = way.some((field) => field.includes('*'));
  for (const [fields, found] of follow(value, way)) yield [several ? [name, ...fields].join('.') : name, found];
}

function* follow(value: Json | undefined, [field, ...rest]: readonly string[]): Iterable<[readonly string[], Json]> {
  if (value === undefined) return;
  if (field === undefined) return yield [[], value];
  if (typeof value !== 'object' || value === null) return;
  const named = field.includes('*') ? Object.keys(value).filter((own) => fits(field, own)) : [field];
  for (const own of named) {
    if (!Object.hasOwn(value, own)) continue;
    const inner = (value as Readonly<Record<string, Json>>)[own];
    for (const [fields, found] of follow(inner, rest)) yield [[own, ...fields], found];
  }
}
