import type { Plain } from '../json-values.ts';
import { copyJson } from './canonical-copy.ts';
import type { FieldNode, TypeNode } from './schema.ts';

/** A value, or a function of the owner if it depends on other fields; the function returns `undefined` for no default. */
export type Default = string | number | boolean | object | ((owner: never) => unknown);

/**
 * Type -> field -> default, applied in this order wherever the type occurs in an object. A function under the empty name may
 * change its owner as a whole and returns nothing.
 */
export type DefaultTable = Readonly<Record<string, Readonly<Record<string, Default>>>>;

interface Plan {
  readonly own: readonly (readonly [string, Default])[];
  /** Fields whose values contain further defaults. */
  readonly below: (readonly [FieldNode, Plan])[];
}

/** Does any type at or below `type` have an entry in the table? */
function reaches(type: TypeNode, table: Readonly<Record<string, unknown>>, seen = new Set<TypeNode>()): boolean {
  if (seen.has(type)) return false;
  seen.add(type);
  if (Object.hasOwn(table, type.name)) return true;
  return [...type.fields.values()].some((field) => field.type !== undefined && reaches(field.type, table, seen));
}

/** The fields of `type` whose values may contain a type of `table`. */
export const fieldsBelow = (type: TypeNode, table: Readonly<Record<string, unknown>>): readonly FieldNode[] =>
  [...type.fields.values()].filter((field) => field.type !== undefined && reaches(field.type, table));

function run(plan: Plan, owner: Plain): void {
  for (const [name, value] of plan.own) {
    const given = owner[name];
    if (given !== undefined && given !== '') continue; // an empty string counts as absent, as in Go
    const made: unknown = typeof value === 'function' ? (value as (owner: Plain) => unknown)(owner) : copyJson(value);
    if (made !== undefined) owner[name] = made;
  }
  for (const [field, inner] of plan.below) {
    const value = owner[field.name];
    if (value === undefined) continue;
    if (field.shape === 'one') run(inner, value as Plain);
    else for (const item of Object.values(value as Record<string, Plain>)) run(inner, item);
  }
}

/**
 * Compiles a table for one root type.
 * @returns sets the defaults in place; the object must belong to the caller
 */
export function defaulter(root: TypeNode, table: DefaultTable): (object: object) => void {
  const plans = new Map<TypeNode, Plan>();
  const planOf = (type: TypeNode): Plan => {
    const before = plans.get(type);
    if (before !== undefined) return before;
    const plan: Plan = { own: Object.entries(table[type.name] ?? {}), below: [] };
    plans.set(type, plan);
    for (const field of fieldsBelow(type, table)) {
      if (field.type !== undefined) plan.below.push([field, planOf(field.type)]);
    }
    return plan;
  };
  const plan = planOf(root);
  return (object) => run(plan, object as Plain);
}
