import type { Json } from '../../../actors/kernel/replay-api.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';

/** An object that an actor received in a message and keeps in a cell. */
export interface ObjectInCell {
  readonly object: KubeObject;
  readonly cell: string;
}

/** The objects of a kind in cells: a cell is one, or has one as a field. */
export function objectsInCells(cells: Readonly<Record<string, Json>>, kind: string): readonly ObjectInCell[] {
  return Object.entries(cells).flatMap(([cell, value]) => {
    const fields = isPlain(value) ? [value, ...Object.values(value)] : [];
    return fields.filter((one) => isObjectOf(one, kind)).map((object) => ({ object, cell }));
  });
}

function isObjectOf(value: unknown, kind: string): value is KubeObject {
  return isPlain(value) && value['kind'] === kind && isPlain(value['metadata']);
}

/** The cells about an object: the one that holds it, and those with its uid in their names. */
export function cellsAbout(
  cells: Readonly<Record<string, Json>>,
  { object, cell }: ObjectInCell,
): Readonly<Record<string, Json>> {
  const uid = object.metadata?.uid;
  return Object.fromEntries(
    Object.entries(cells).filter(([name]) => name === cell || (uid !== undefined && name.includes(uid))),
  );
}
