import { isPlain } from '../../json-values.ts';
import type { Findings } from '../validation-findings.ts';
import { patternOf } from './check-value.ts';
import { checkFieldNames, DEPTH_MAX, pruned } from './fields.ts';
import { itemsOf, OBJECT_FIELDS, type StructuralSchema, valuesOf } from './structural-schema.ts';
import { checkValue } from './check-value.ts';

const TYPES = ['array', 'boolean', 'integer', 'number', 'object', 'string'];
/** Parts of OpenAPI that structural schemas must not use. */
const UNUSED = ['$ref', 'definitions', 'dependencies', 'patternProperties', 'additionalItems', 'id'] as const;
/** Parts that describe structure, which may not stand below allOf, anyOf, oneOf and not. */
const STRUCTURE = [
  'type',
  'default',
  'nullable',
  'additionalProperties',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-embedded-resource',
  'x-kubernetes-list-type',
] as const;

/**
 * Checks the schema of a version of a CustomResourceDefinition: is it structural, and do its parts fit together?
 * `findings` must be at the schema.
 */
export function checkStructural(schema: StructuralSchema, findings: Findings): void {
  if (schema.type !== 'object') findings.invalid('type', schema.type, 'must be object at the root');
  if (schema.nullable === true) findings.forbidden('nullable', 'nullable cannot be true at the root');
  const { metadata } = schema.properties ?? {};
  const restricted = Object.keys(metadata?.properties ?? {}).filter(
    (name) => name !== 'name' && name !== 'generateName',
  );
  if (restricted.length > 0)
    findings.forbidden('properties.metadata', 'must not specify anything other than name and generateName');
  checkNode(schema, findings, true);
}

function checkNode(schema: StructuralSchema, findings: Findings, isRoot: boolean): void {
  if (findings.full) return;
  if (findings.depth > 2 * DEPTH_MAX) return findings.invalid('', '...', 'must not be nested so deeply');
  for (const name of UNUSED) if (schema[name] !== undefined) findings.forbidden(name, `${name} is not supported`);
  if (schema.uniqueItems === true)
    findings.forbidden(
      'uniqueItems',
      'uniqueItems cannot be set to true since the runtime complexity becomes quadratic',
    );
  checkTypeOf(schema, findings);
  checkRules(schema, findings);
  checkListType(schema, findings);
  if (!isRoot) checkDefault(schema, findings);
  checkChildren(schema, findings);
  checkJunctors(schema, findings);
}

function checkTypeOf(schema: StructuralSchema, findings: Findings): void {
  const { type } = schema;
  const isFree =
    schema['x-kubernetes-int-or-string'] === true || schema['x-kubernetes-preserve-unknown-fields'] === true;
  if (type === undefined || type === '') {
    if (!isFree) findings.required('type', 'must not be empty for specified object fields');
  } else if (!TYPES.includes(type)) findings.notSupported('type', type, TYPES);
  else if (schema['x-kubernetes-int-or-string'] === true)
    findings.forbidden('type', 'must be empty if x-kubernetes-int-or-string is true');
  if (schema['x-kubernetes-embedded-resource'] === true && type !== 'object')
    findings.invalid('type', type, 'must be object if x-kubernetes-embedded-resource is true');
}

function checkRules(schema: StructuralSchema, findings: Findings): void {
  if (schema.pattern !== undefined && patternOf(schema.pattern) === undefined)
    findings.invalid('pattern', schema.pattern, 'must be a valid regular expression in the syntax of RE2');
}

function checkListType(schema: StructuralSchema, findings: Findings): void {
  const type = schema['x-kubernetes-list-type'];
  const keys = schema['x-kubernetes-list-map-keys'];
  if (type !== undefined && !['atomic', 'map', 'set'].includes(type))
    findings.notSupported('x-kubernetes-list-type', type, ['atomic', 'map', 'set']);
  if (type !== undefined && schema.type !== 'array')
    findings.invalid('type', schema.type, 'must be array if x-kubernetes-list-type is specified');
  if (type !== 'map') {
    if (keys !== undefined)
      findings.forbidden('x-kubernetes-list-map-keys', 'must only be specified if x-kubernetes-list-type is map');
    return;
  }
  if (keys === undefined || keys.length === 0)
    findings.required('x-kubernetes-list-map-keys', 'must not be empty if x-kubernetes-list-type is map');
  const items = itemsOf(schema);
  for (const [index, key] of (keys ?? []).entries()) {
    const property = items?.properties?.[key];
    if (property === undefined)
      findings.invalid(`x-kubernetes-list-map-keys[${index}]`, key, 'must be the name of a property of the items');
    else if (items?.required?.includes(key) !== true && property.default === undefined)
      findings.required(
        `items.properties.${key}.default`,
        'this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property',
      );
  }
}

function checkDefault(schema: StructuralSchema, findings: Findings): void {
  if (schema.default === undefined) return;
  findings.enter('default');
  const before = findings.causes.length;
  checkFieldNames(schema, schema.default, findings);
  if (findings.causes.length === before) checkValue(schema, pruned(schema, schema.default), findings);
  findings.leave();
}

function checkChildren(schema: StructuralSchema, findings: Findings): void {
  const { properties, items, additionalProperties } = schema;
  if (properties !== undefined && additionalProperties !== undefined && additionalProperties !== false)
    findings.forbidden('additionalProperties', 'additionalProperties and properties are mutual exclusive');
  if (additionalProperties === false)
    findings.forbidden('additionalProperties', 'additionalProperties cannot be set to false');
  if (schema.type === 'array' && items === undefined) findings.required('items', 'must be specified');
  if (items !== undefined && !isPlain(items))
    findings.forbidden('items', 'items must be a schema object and not an array');
  for (const [name, property] of Object.entries(properties ?? {})) {
    if (OBJECT_FIELDS.has(name) && findings.path.endsWith('openAPIV3Schema')) continue;
    child(`properties`, name, property, findings);
  }
  const element = itemsOf(schema);
  if (element !== undefined) child('items', undefined, element, findings);
  const values = valuesOf(schema);
  if (values !== undefined) child('additionalProperties', undefined, values, findings);
}

function child(at: string, name: string | undefined, schema: StructuralSchema, findings: Findings): void {
  findings.enter(at);
  if (name !== undefined) findings.enter(`[${name}]`);
  checkNode(schema, findings, false);
  if (name !== undefined) findings.leave();
  findings.leave();
}

function checkJunctors(schema: StructuralSchema, findings: Findings): void {
  for (const kind of ['allOf', 'anyOf', 'oneOf'] as const) {
    (schema[kind] ?? []).forEach((one, index) => {
      findings.enter(kind);
      findings.enter(index);
      checkJunctor(schema, one, findings);
      findings.leave();
      findings.leave();
    });
  }
  if (schema.not === undefined) return;
  findings.enter('not');
  checkJunctor(schema, schema.not, findings);
  findings.leave();
}

/** Below a junctor there are only rules for values, and only for fields that the structure names. */
function checkJunctor(owner: StructuralSchema, schema: StructuralSchema, findings: Findings): void {
  const mayHaveType = owner['x-kubernetes-int-or-string'] === true;
  for (const name of STRUCTURE) {
    if (schema[name] === undefined || (mayHaveType && name === 'type')) continue;
    findings.forbidden(name, 'must be empty to be structural');
  }
  checkRules(schema, findings);
  for (const name of Object.keys(schema.properties ?? {})) {
    const property = schema.properties?.[name] as StructuralSchema;
    const described = owner.properties?.[name] ?? valuesOf(owner);
    if (described === undefined)
      findings.required(
        `properties[${name}]`,
        'because it is defined below a junctor, it must be defined in the structure too',
      );
    else {
      findings.enter(`properties[${name}]`);
      checkJunctor(described, property, findings);
      findings.leave();
    }
  }
}
