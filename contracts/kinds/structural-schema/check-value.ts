import { RE2JS } from 're2js';
import { canonicalJson } from '../../hash/stable-hash.ts';
import { isPlain, type Plain } from '../../json-values.ts';
import { parseRfc3339 } from '../../time/rfc3339.ts';
import type { Findings } from '../validation-findings.ts';
import { Findings as Found } from '../validation-findings.ts';
import { itemsOf, OBJECT_FIELDS, propertyOf, type StructuralSchema, isEmbedded } from './structural-schema.ts';

const nameOfType = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'number') return Number.isInteger(value) ? 'integer' : 'number';
  return typeof value;
};

const fits = (type: string, value: unknown): boolean => {
  const found = nameOfType(value);
  return found === type || (type === 'number' && found === 'integer');
};

/** Checks a value, with defaults set, against a schema, with the messages of Kubernetes. */
export function checkValue(schema: StructuralSchema, value: unknown, findings: Findings): void {
  if (findings.full) return;
  if (value === null && schema.nullable === true) return;
  if (!checkKindOfValue(schema, value, findings)) return;
  checkEnum(schema, value, findings);
  if (typeof value === 'string') checkText(schema, value, findings);
  else if (typeof value === 'number') checkNumber(schema, value, findings);
  else if (Array.isArray(value)) checkList(schema, value, findings);
  else if (isPlain(value)) checkFields(schema, value, findings);
  checkJunctors(schema, value, findings);
}

/** @returns whether the value is of the schema's type */
function checkKindOfValue(schema: StructuralSchema, value: unknown, findings: Findings): boolean {
  const isOfIntOrString = schema['x-kubernetes-int-or-string'] === true;
  const { type } = schema;
  const right = isOfIntOrString
    ? typeof value === 'string' || Number.isInteger(value)
    : type === undefined || fits(type, value);
  if (right) return true;
  const wanted = isOfIntOrString ? 'integer,string' : type;
  const found = nameOfType(value);
  findings.typeInvalid(found, `${findings.path} in body must be of type ${wanted}: ${JSON.stringify(found)}`);
  return false;
}

function checkEnum({ enum: allowed }: StructuralSchema, value: unknown, findings: Findings): void {
  if (allowed === undefined || allowed.some((one) => canonicalJson(one) === canonicalJson(value))) return;
  findings.notSupported(
    '',
    value,
    allowed.map((one) => (typeof one === 'string' ? one : JSON.stringify(one))),
  );
}

/* Texts. */

/** Linear in the length of the text, and with Go's syntax, unlike the expressions of JavaScript. */
const compiled = new Map<string, RE2JS | undefined>();
const COMPILED_MAX = 1_000;

/** @returns `undefined` for a pattern with a syntax error */
export function patternOf(source: string): RE2JS | undefined {
  if (!compiled.has(source)) {
    if (compiled.size >= COMPILED_MAX) compiled.clear();
    try {
      compiled.set(source, RE2JS.compile(source));
    } catch {
      compiled.set(source, undefined);
    }
  }
  return compiled.get(source);
}

const within = (low: number, high: number) => (text: string) =>
  /^[+-]?\d+$/.test(text) && +text >= low && +text <= high;
const byUrl = (text: string): boolean => URL.canParse(text);

/** Formats that are checked, as in Kubernetes; others are accepted. */
const FORMATS: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': (text) => !Number.isNaN(parseRfc3339(text)),
  date: (text) => /^\d{4}-\d\d-\d\d$/.test(text) && !Number.isNaN(parseRfc3339(`${text}T00:00:00Z`)),
  uuid: (text) => /^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i.test(text),
  ipv4: (text) => /^(\d{1,3}\.){3}\d{1,3}$/.test(text) && text.split('.').every(within(0, 255)),
  email: (text) => /^[^\s@]+@[^\s@]+$/.test(text),
  uri: byUrl,
  byte: (text) => /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/.test(text),
  int32: within(-(2 ** 31), 2 ** 31 - 1),
  duration: (text) => /^[+-]?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text),
};

function checkText(schema: StructuralSchema, text: string, findings: Findings): void {
  const { path } = findings;
  const length = Array.from(text).length;
  if (schema.maxLength !== undefined && length > schema.maxLength) findings.tooLong('', schema.maxLength);
  if (schema.minLength !== undefined && length < schema.minLength)
    findings.invalid('', text, `${path} in body should be at least ${schema.minLength} chars long`);
  if (schema.pattern !== undefined && patternOf(schema.pattern)?.matcher(text).find() !== true)
    findings.invalid('', text, `${path} in body should match '${schema.pattern}'`);
  const format = schema.format === undefined ? undefined : FORMATS[schema.format];
  if (format !== undefined && schema['x-kubernetes-int-or-string'] !== true && !format(text))
    findings.invalid('', text, `${path} in body must be of type ${schema.format}: ${JSON.stringify(text)}`);
}

/* Numbers. */

function checkNumber(schema: StructuralSchema, value: number, findings: Findings): void {
  const { path } = findings;
  const { maximum, minimum, multipleOf } = schema;
  const above = maximum !== undefined && (schema.exclusiveMaximum === true ? value >= maximum : value > maximum);
  if (above) {
    const word = schema.exclusiveMaximum === true ? 'less than' : 'less than or equal to';
    findings.invalid('', value, `${path} in body should be ${word} ${maximum}`);
  }
  const below = minimum !== undefined && (schema.exclusiveMinimum === true ? value <= minimum : value < minimum);
  if (below) {
    const word = schema.exclusiveMinimum === true ? 'greater than' : 'greater than or equal to';
    findings.invalid('', value, `${path} in body should be ${word} ${minimum}`);
  }
  if (multipleOf !== undefined && !isMultiple(value, multipleOf))
    findings.invalid('', value, `${path} in body should be a multiple of ${multipleOf}`);
}

/** 0.3 is a multiple of 0.1, though not in binary fractions. */
function isMultiple(value: number, of: number): boolean {
  const times = value / of;
  return Math.abs(times - Math.round(times)) < 1e-9;
}

/* Lists. */

function checkList(schema: StructuralSchema, list: readonly unknown[], findings: Findings): void {
  if (schema.maxItems !== undefined && list.length > schema.maxItems)
    findings.add('FieldValueTooMany', '', `Too many: ${list.length}: must have at most ${schema.maxItems} items`);
  if (schema.minItems !== undefined && list.length < schema.minItems)
    findings.invalid('', list, `${findings.path} in body should have at least ${schema.minItems} items`);
  const items = itemsOf(schema);
  const keyOf = identityOf(schema);
  const seen = new Set<string>();
  for (let index = 0; index < list.length && !findings.full; index++) {
    const item = list[index];
    findings.enter(index);
    if (items !== undefined) checkValue(items, item, findings);
    const key = keyOf?.(item);
    if (key !== undefined && seen.has(key)) findings.duplicate('', keysIn(schema, item));
    if (key !== undefined) seen.add(key);
    findings.leave();
  }
}

/** What identifies an item of a list with type `set` or `map`. */
function identityOf(schema: StructuralSchema): ((item: unknown) => string) | undefined {
  const type = schema['x-kubernetes-list-type'];
  return type === 'set' || type === 'map' ? (item) => canonicalJson(keysIn(schema, item)) : undefined;
}

function keysIn(schema: StructuralSchema, item: unknown): unknown {
  if (schema['x-kubernetes-list-type'] !== 'map' || !isPlain(item)) return item;
  return Object.fromEntries((schema['x-kubernetes-list-map-keys'] ?? []).map((name) => [name, item[name]]));
}

/* Objects. */

function checkFields(schema: StructuralSchema, value: Plain, findings: Findings): void {
  const names = Object.keys(value);
  if (schema.maxProperties !== undefined && names.length > schema.maxProperties)
    findings.add('FieldValueTooMany', '', `Too many: ${names.length}: must have at most ${schema.maxProperties} items`);
  if (schema.minProperties !== undefined && names.length < schema.minProperties)
    findings.invalid('', value, `${findings.path} in body should have at least ${schema.minProperties} properties`);
  const needed = isEmbedded(schema) ? ['apiVersion', 'kind', ...(schema.required ?? [])] : (schema.required ?? []);
  for (const name of needed) if (value[name] === undefined) findings.required(name);
  for (const name of names) {
    const property = propertyOf(schema, name);
    if (property === undefined || (isEmbedded(schema) && OBJECT_FIELDS.has(name))) continue;
    findings.enter(name);
    checkValue(property, value[name], findings);
    findings.leave();
  }
}

/* allOf, anyOf, oneOf, not. */

function passes(schema: StructuralSchema, value: unknown): boolean {
  const found = new Found();
  checkValue(schema, value, found);
  return found.causes.length === 0;
}

function checkJunctors(schema: StructuralSchema, value: unknown, findings: Findings): void {
  const { allOf, anyOf, oneOf, not } = schema;
  if (allOf === undefined && anyOf === undefined && oneOf === undefined && not === undefined) return;
  const place = JSON.stringify(findings.path);
  for (const one of allOf ?? []) checkValue(one, value, findings);
  if (anyOf !== undefined && !anyOf.some((one) => passes(one, value)))
    findings.invalid('', value, `${place} must validate at least one schema (anyOf)`);
  const exactly = oneOf?.filter((one) => passes(one, value)).length ?? 1;
  if (exactly !== 1) {
    const found = exactly === 0 ? 'Found none valid' : `Found ${exactly} valid alternatives`;
    findings.invalid('', value, `${place} must validate one and only one schema (oneOf). ${found}`);
  }
  if (not !== undefined && passes(not, value))
    findings.invalid('', value, `${place} must not validate the schema (not)`);
}
