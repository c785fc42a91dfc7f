import type { StatusCause } from '../errors/status.ts';
import type { Plain } from '../json-values.ts';
import type { MergeKeyTable } from '../merge/merge-keys.ts';
import { applyThreeWay, type ThreeWay } from '../merge/three-way.ts';
import { copyTyped } from './canonical-copy.ts';
import { checkType } from './check-fields.ts';
import type { TypeNode } from './schema.ts';

/** What the fields of an object are, in one version of its kind. All functions are pure. */
export interface ObjectSchema {
  /** Unknown names, wrong types, missing fields. Never throws, for any input; at most 100 causes; `[]` = valid. */
  check(object: unknown): StatusCause[];
  /** A deep copy, in canonical form, of an object that passed `check`. */
  copy(object: Plain): Plain;
  /** Kubernetes' three-way apply. @returns `live` itself when nothing changes */
  merge(way: ThreeWay): Plain;
}

/** The schema of a built-in kind. */
export const typedSchema = (type: TypeNode, mergeKeys: MergeKeyTable): ObjectSchema => ({
  check: (object) => checkType(type, object),
  copy: (object) => copyTyped(type, object),
  merge: (way) => applyThreeWay({ type, mergeKeys }, way),
});
