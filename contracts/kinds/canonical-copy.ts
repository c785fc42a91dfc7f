import { isPlain, type Plain } from '../json-values.ts';
import { canonicalQuantity, exactQuantity } from '../quantity.ts';
import type { FieldNode, TypeNode } from './schema.ts';

/** MessagePack and YAML have -0; JSON, and so the store, does not. */
const oneZero = <T>(value: T): T => (Object.is(value, -0) ? (0 as T) : value);

/** A deep copy of free JSON. */
export function copyJson<T>(value: T): T {
  if (Array.isArray(value)) return value.map(copyJson) as T;
  if (!isPlain(value)) return oneZero(value);
  const copy: Plain = {};
  for (const name of Object.keys(value)) if (value[name] !== undefined) copy[name] = copyJson(value[name]);
  return copy as T;
}

function copyOne(field: FieldNode, value: unknown): unknown {
  if (field.type !== undefined) return copyTyped(field.type, value as Plain);
  if (field.basic === 'quantity') return canonicalQuantity(value as string | number);
  return field.basic === 'any' ? copyJson(value) : oneZero(value);
}

function copyMap(field: FieldNode, value: Plain): Plain {
  const copy: Plain = {};
  for (const key of Object.keys(value)) copy[key] = copyOne(field, value[key]);
  return copy;
}

/**
 * A deep copy of an object that passed `checkType`: null and undefined fields are dropped, quantities are converted to their
 * canonical form (`0.5` -> `500m`). Shares nothing with the original.
 */
export function copyTyped(type: TypeNode, value: Plain): Plain {
  const copy: Plain = {};
  for (const name of Object.keys(value)) {
    const part = value[name];
    const field = type.fields.get(name);
    if (part === null || part === undefined || field === undefined) continue;
    if (field.shape === 'list') copy[name] = (part as unknown[]).map((item) => copyOne(field, item));
    else copy[name] = field.shape === 'map' ? copyMap(field, part as Plain) : copyOne(field, part);
  }
  return copy;
}

const exactMap = (map: object): Plain =>
  Object.fromEntries(Object.entries(map).map(([key, value]) => [key, exactQuantity(value as string | number)]));

/**
 * Normalises an object for comparison: drops empty lists and maps, which mean the same as absent ones in Kubernetes (an empty
 * struct such as `emptyDir: {}` does not), and writes equal quantities the same way. The object must fit its type.
 */
export function inOneForm(type: TypeNode, value: object): Plain {
  const kept: Plain = {};
  for (const [name, part] of Object.entries(value)) {
    const field = type.fields.get(name);
    const items = field?.shape === 'list' || field?.shape === 'map' ? Object.keys((part ?? {}) as object) : undefined;
    if (part === undefined || part === null || items?.length === 0) continue;
    const below = field?.type;
    if (field?.basic === 'quantity')
      kept[name] = field.shape === 'map' ? exactMap(part as object) : exactQuantity(part as string | number);
    else if (below === undefined || field?.shape === 'map') kept[name] = part;
    else if (field?.shape === 'list') kept[name] = (part as object[]).map((item) => inOneForm(below, item));
    else kept[name] = inOneForm(below, part as object);
  }
  return kept;
}
