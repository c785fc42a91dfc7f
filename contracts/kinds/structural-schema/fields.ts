import { closest } from '../../did-you-mean.ts';
import { isPlain, type Plain } from '../../json-values.ts';
import { copyJson } from '../canonical-copy.ts';
import type { Findings } from '../validation-findings.ts';
import {
  isEmbedded,
  itemsOf,
  OBJECT_FIELDS,
  preservesUnknown,
  propertyOf,
  type StructuralSchema,
} from './structural-schema.ts';

/** Deeper input is refused, as the recursion must be limited. */
export const DEPTH_MAX = 64;
/** A name that would change an object's prototype if it were copied carelessly. */
const RESERVED = '__proto__';

const isImplicit = (schema: StructuralSchema, name: string, isRoot: boolean): boolean =>
  (isRoot || isEmbedded(schema)) && OBJECT_FIELDS.has(name);

/** Finds fields that the schema does not name, and what cannot be stored: reserved names, values that are not JSON, excessive depth. */
export function checkFieldNames(
  schema: StructuralSchema | undefined,
  value: unknown,
  findings: Findings,
  isRoot = false,
): void {
  if (findings.full) return;
  if (findings.depth > DEPTH_MAX) {
    findings.invalid('', '...', `must not be nested deeper than ${DEPTH_MAX} levels`);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      findings.enter(index);
      checkFieldNames(schema === undefined ? undefined : itemsOf(schema), item, findings);
      findings.leave();
    });
  } else if (isPlain(value)) checkNames(schema, value, findings, isRoot);
  else if (value !== null && value !== undefined && !['string', 'number', 'boolean'].includes(typeof value))
    findings.invalid('', value, 'must be JSON');
  else if (typeof value === 'number' && !Number.isFinite(value)) findings.invalid('', value, 'must be a finite number');
}

function checkNames(schema: StructuralSchema | undefined, value: Plain, findings: Findings, isRoot: boolean): void {
  for (const name of Object.keys(value)) {
    const property = schema === undefined ? undefined : propertyOf(schema, name);
    const implicit = schema !== undefined && isImplicit(schema, name, isRoot);
    if (implicit && isRoot) continue; // the caller checks metadata by its type
    findings.enter(name);
    const isKnown = property !== undefined || implicit || schema === undefined || preservesUnknown(schema);
    if (name === RESERVED) findings.forbidden('', 'this name is reserved');
    else if (isKnown) checkFieldNames(property, value[name], findings);
    else {
      const near = closest(name, Object.keys(schema.properties ?? {}));
      findings.add('FieldValueForbidden', '', `unknown field${near === undefined ? '' : `, did you mean "${near}"?`}`);
    }
    findings.leave();
  }
}

/** Absent fields, and null where the schema does not allow it, have no value. */
const isAbsent = (schema: StructuralSchema | undefined, value: unknown): boolean =>
  value === undefined || (value === null && schema !== undefined && schema.nullable !== true);

/**
 * A deep copy without the fields that the schema does not name, and without null values that it does not allow.
 * @param isRoot the value is a whole object: its apiVersion, kind and metadata are kept
 */
export function pruned(schema: StructuralSchema | undefined, value: unknown, isRoot = false): unknown {
  if (schema === undefined) return copyJson(value);
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    return value.map((item) => pruned(items, item));
  }
  if (!isPlain(value)) return copyJson(value);
  const kept: Plain = {};
  for (const name of Object.keys(value)) {
    const property = propertyOf(schema, name);
    const part = value[name];
    if (isAbsent(property, part)) continue;
    if (isImplicit(schema, name, isRoot)) kept[name] = copyJson(part);
    else if (property !== undefined) kept[name] = pruned(property, part);
    else if (preservesUnknown(schema)) kept[name] = copyJson(part);
  }
  return kept;
}

/** Sets the schema's defaults, in place. */
export function applySchemaDefaults(schema: StructuralSchema, value: unknown): void {
  if (Array.isArray(value)) {
    const items = itemsOf(schema);
    if (items !== undefined) for (const item of value) applySchemaDefaults(items, item);
  } else if (isPlain(value)) {
    for (const [name, property] of Object.entries(schema.properties ?? {})) {
      if (property.default !== undefined && isAbsent(property, value[name])) value[name] = copyJson(property.default);
    }
    for (const name of Object.keys(value)) {
      const property = propertyOf(schema, name);
      if (property !== undefined) applySchemaDefaults(property, value[name]);
    }
  }
}
