import { closest } from '../did-you-mean.ts';
import type { StatusCause } from '../errors/status.ts';
import { isPlain, type Plain } from '../json-values.ts';
import { isQuantity } from '../quantity.ts';
import type { Basic, FieldNode, TypeNode } from './schema.ts';
import { Findings } from './validation-findings.ts';

/** Deeper input is refused. No field of any type is so deep, and the recursion must be limited. */
const MAX_DEPTH = 64;

/** Names that would change an object's prototype if they were copied carelessly. */
const POLLUTING = new Set(['__proto__', 'constructor', 'prototype']);

const called = (value: unknown): string => {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (isPlain(value)) return 'an object';
  if (value instanceof Uint8Array) return 'bytes; send text, in YAML without the tag !!binary';
  return typeof value === 'object' ? 'not a JSON value' : `a ${typeof value}`;
};

const isInteger = (value: unknown, limit: number): boolean =>
  Number.isSafeInteger(value) && (value as number) >= -limit && (value as number) < limit;

const MOMENT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)$/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const isText = (value: unknown): value is string => typeof value === 'string';

/** Basic type -> its description for messages ("must be ..."), and its check. */
const BASIC_CHECKS: Readonly<Record<Basic, readonly [must: string, is: (value: unknown) => boolean]>> = {
  string: ['a string', isText],
  boolean: ['true or false', (value) => typeof value === 'boolean'],
  int32: ['a 32-bit whole number', (value) => isInteger(value, 2 ** 31)],
  int64: ['a whole number', (value) => isInteger(value, 2 ** 53)],
  number: ['a number', Number.isFinite],
  time: ['a time like "2026-01-31T12:00:00Z"', (value) => isText(value) && MOMENT.test(value)],
  microtime: ['a time like "2026-01-31T12:00:00.000000Z"', (value) => isText(value) && MOMENT.test(value)],
  bytes: ['base64 text', (value) => isText(value) && BASE64.test(value.replace(/[\r\n]/g, ''))],
  quantity: ['a quantity like 250m, 1.5 or 64Mi', isQuantity],
  'int-or-string': ['a whole number or a string', (value) => isText(value) || isInteger(value, 2 ** 31)],
  any: ['JSON', () => true],
};

function wrongType(findings: Findings, value: unknown, must: string): void {
  // The type of a malformed text or an out-of-range number is right, so the message does not mention it.
  const nearly =
    (typeof value === 'number' && /number/.test(must)) || (typeof value === 'string' && / like |base64/.test(must));
  const got = value === undefined || value === null || nearly ? '' : `, not ${called(value)}`;
  findings.add('FieldValueTypeInvalid', '', `Invalid value: ${findings.value(value)}: must be ${must}${got}`);
}

/** Free JSON, as in managed fields: only its depth and its names are checked. */
function checkAny(findings: Findings, value: unknown): void {
  if (findings.depth > MAX_DEPTH) {
    findings.invalid('', '...', `must not be nested deeper than ${MAX_DEPTH} levels`);
  } else if (Array.isArray(value)) {
    value.forEach((item, index) => {
      findings.enter(index);
      checkAny(findings, item);
      findings.leave();
    });
  } else if (isPlain(value)) {
    for (const key of Object.keys(value)) {
      findings.enter(key);
      if (POLLUTING.has(key)) findings.forbidden('', 'this name is reserved');
      else checkAny(findings, value[key]);
      findings.leave();
    }
  } else if (!['string', 'number', 'boolean'].includes(typeof value) && value !== null && value !== undefined) {
    wrongType(findings, value, 'JSON');
  }
}

function checkOne(findings: Findings, field: FieldNode, value: unknown): void {
  if (field.type !== undefined) checkStruct(findings, field.type, value);
  else if (field.basic === 'any') checkAny(findings, value);
  else if (field.basic !== undefined) {
    const [must, is] = BASIC_CHECKS[field.basic];
    if (!is(value)) wrongType(findings, value, must);
  }
}

function checkList(findings: Findings, field: FieldNode, value: unknown): void {
  if (!Array.isArray(value)) return wrongType(findings, value, 'a list');
  for (let index = 0; index < value.length && !findings.full; index++) {
    findings.enter(index);
    checkOne(findings, field, value[index]);
    findings.leave();
  }
}

function checkMap(findings: Findings, field: FieldNode, value: unknown): void {
  if (!isPlain(value)) return wrongType(findings, value, 'an object');
  for (const key of Object.keys(value)) {
    if (findings.full) return;
    findings.enter(`[${key}]`);
    if (key === '__proto__') findings.forbidden('', 'this name is reserved');
    else checkOne(findings, field, value[key]);
    findings.leave();
  }
}

function unknownField(findings: Findings, type: TypeNode, name: string): void {
  const near = closest(name, type.fields.keys());
  const hint = near === undefined ? '' : `, did you mean "${near}"?`;
  findings.add('FieldValueForbidden', '', `unknown field${hint}`);
}

function checkField(findings: Findings, type: TypeNode, name: string, value: unknown): void {
  const field = type.fields.get(name);
  findings.enter(name);
  if (field === undefined) unknownField(findings, type, name);
  else if (value === null || value === undefined) {
    // counts as absent, as in Kubernetes
  } else if (field.shape === 'list') checkList(findings, field, value);
  else if (field.shape === 'map') checkMap(findings, field, value);
  else checkOne(findings, field, value);
  findings.leave();
}

/** Fields of a status or condition are never required: Kubernetes reads absent ones as zero. */
function checkRequired(findings: Findings, type: TypeNode, value: Plain): void {
  if (type.name.endsWith('Status') || type.name.endsWith('Condition')) return;
  for (const name of type.required) if (value[name] === undefined || value[name] === null) findings.required(name);
}

function checkStruct(findings: Findings, type: TypeNode, value: unknown): void {
  if (!isPlain(value)) return wrongType(findings, value, 'an object');
  if (findings.depth > MAX_DEPTH) return findings.invalid('', '...', `must not be nested deeper than ${MAX_DEPTH}`);
  for (const name of Object.keys(value)) {
    if (findings.full) return;
    checkField(findings, type, name, value[name]);
  }
  checkRequired(findings, type, value);
}

/**
 * Checks a value against the fields of a type: unknown names (with a suggestion), wrong types, missing fields.
 * Never throws, for any input. At most 100 causes; `[]` = valid.
 */
export function checkType(type: TypeNode, value: unknown): StatusCause[] {
  const findings = new Findings({ hidesValues: type.name === 'Secret' });
  checkStruct(findings, type, value);
  return findings.causes;
}
