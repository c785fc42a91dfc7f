import type { StatusCause } from '../../errors/status.ts';
import { isPlain, type Plain, sameValue } from '../../json-values.ts';
import { applyThreeWay, type ThreeWay } from '../../merge/three-way.ts';
import { checkType } from '../check-fields.ts';
import { copyTyped } from '../canonical-copy.ts';
import { META_MERGE_KEYS } from '../meta/merge-keys.ts';
import type { ObjectSchema } from '../object-schema.ts';
import { schemaOf, typeNode } from '../schema.ts';
import { Findings } from '../validation-findings.ts';
import { checkFieldNames, pruned } from './fields.ts';
import type { StructuralSchema } from './structural-schema.ts';

const META = typeNode('ObjectMeta');
/** The fields that every object has. */
const HEAD = schemaOf({ Head: { apiVersion: 'string', kind: 'string', metadata: 'Meta' }, Meta: {} })('Head');

/** The schema of a custom kind in one version. Unknown fields are refused, like those of built-in kinds. */
export const customSchema = (schema: StructuralSchema): ObjectSchema => ({
  check: (object) => checkObject(schema, object),
  copy: (object) => copyObject(schema, object),
  merge: (way) => mergeObjects(way),
});

function checkObject(schema: StructuralSchema, object: unknown): StatusCause[] {
  if (!isPlain(object)) return checkType(HEAD, object);
  const { apiVersion, kind, metadata } = object;
  const causes = checkType(HEAD, { apiVersion, kind });
  if (metadata !== undefined && metadata !== null) {
    const inMeta = checkType(META, metadata);
    causes.push(
      ...inMeta.map((cause) => ({ ...cause, field: cause.field === '' ? 'metadata' : `metadata.${cause.field}` })),
    );
  }
  const findings = new Findings();
  checkFieldNames(schema, object, findings, true);
  return [...causes, ...findings.causes].slice(0, Findings.max);
}

function copyObject(schema: StructuralSchema, object: Plain): Plain {
  const copy = pruned(schema, object, true) as Plain;
  if (isPlain(object['metadata'])) copy['metadata'] = copyTyped(META, object['metadata']);
  return copy;
}

/** As kubectl merges custom resources: maps field by field, lists as a whole. */
function mergeObjects({ lastApplied, live, next }: ThreeWay): Plain {
  const merged = mergeJson(lastApplied, live, next) as Plain;
  const meta = (object: unknown): unknown => (isPlain(object) ? object['metadata'] : undefined);
  const way = { lastApplied: meta(lastApplied), live: meta(live), next: meta(next) };
  const whole = isPlain(way.next)
    ? { ...merged, metadata: applyThreeWay({ type: META, mergeKeys: META_MERGE_KEYS }, way) }
    : merged;
  return isPlain(live) && sameValue(whole, live) ? live : whole;
}

function mergeJson(lastApplied: unknown, live: unknown, next: unknown): unknown {
  if (!isPlain(next) || !isPlain(live)) return next;
  const merged = new Map<string, unknown>(Object.entries(live));
  const before = isPlain(lastApplied) ? lastApplied : {};
  for (const name of Object.keys(before)) if (!Object.hasOwn(next, name)) merged.delete(name);
  for (const [name, value] of Object.entries(next)) {
    if (value === null) merged.delete(name);
    else merged.set(name, mergeJson(before[name], merged.get(name), value));
  }
  return Object.fromEntries(merged);
}
