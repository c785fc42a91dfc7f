import type { Json } from '../../actors/kernel/contract.ts';
import type { CellChange } from './cell-log.ts';

/** A watched value before and after a turn. */
export interface Watched {
  readonly cell: string;
  readonly before: Json | undefined;
  readonly after: Json | undefined;
}

/**
 * What a turn did to a watched value.
 * @param path name of a cell, with `*` for any part of it, and perhaps a way into it: `start`, `wait/*`, `assumed/pods.a.b.node`
 */
export function changesOf(path: string, changes: readonly CellChange[]): readonly Watched[] {
  return changes.flatMap(({ name, before, after }) => {
    const way = wayInto(path, name);
    if (way === undefined) return [];
    const watched = { cell: name, before: at(before, way), after: at(after, way) };
    return JSON.stringify(watched.before) === JSON.stringify(watched.after) ? [] : [watched];
  });
}

/** What a watch shows now: every cell that it names. */
export function valuesOf(path: string, cells: Iterable<readonly [string, Json]>): Readonly<Record<string, Json>> {
  const values: Record<string, Json> = {};
  for (const [name, value] of cells) {
    const way = wayInto(path, name);
    const found = way === undefined ? undefined : at(value, way);
    if (found !== undefined) values[name] = found;
  }
  return values;
}

/** @returns the fields to follow in the cell of that name; undefined when the path names another one */
function wayInto(path: string, name: string): readonly string[] | undefined {
  if (path.includes('*')) {
    const pattern = path.split('*').map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'));
    return new RegExp(`^${pattern.join('.*')}$`).test(name) ? [] : undefined;
  }
  if (path === name) return [];
  return path.startsWith(`${name}.`) ? path.slice(name.length + 1).split('.') : undefined;
}

function at(value: Json | undefined, way: readonly string[]): Json | undefined {
  let found: unknown = value;
  for (const field of way) found = (found as Readonly<Record<string, unknown>> | null | undefined)?.[field];
  return found as Json | undefined;
}
