import { expect, it } from 'vitest';
import { admit } from '../admit.ts';
import type { JSONSchemaProps } from '../kinds.ts';
import { warningsOf } from '../pod-template/not-acted-upon.ts';
import { customResourceDefinitionKind as kind } from './custom-resource-definition.ts';

const stamp = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const version = (schema: JSONSchemaProps, more: object = {}) => ({
  name: 'v1',
  served: true,
  storage: true,
  schema: { openAPIV3Schema: schema },
  ...more,
});
const any: JSONSchemaProps = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const made = (spec: object, name = 'widgets.example.com') =>
  admit(
    kind,
    {
      metadata: { name },
      spec: {
        group: 'example.com',
        scope: 'Namespaced',
        names: { plural: 'widgets', kind: 'Widget' },
        versions: [version(any)],
        ...spec,
      },
    },
    { operation: 'create', stamp },
  );
const inSchema = (schema: JSONSchemaProps) => ({
  versions: [version({ type: 'object', properties: { spec: schema } })],
});

it('a definition gets its names and its finalizer', () => {
  expect(made({}).object).toMatchObject({
    metadata: { finalizers: ['customresourcecleanup.apiextensions.k8s.io'], generation: 1 },
    spec: { names: { singular: 'widget', listKind: 'WidgetList' }, conversion: { strategy: 'None' } },
  });
});

const AT = 'spec.versions[0].schema.openAPIV3Schema';
it.each([
  {
    why: 'a name that does not fit',
    spec: { group: 'other.com' },
    says: 'metadata.name: Invalid value: "widgets.example.com": must be spec.names.plural+"."+spec.group',
  },
  {
    why: 'a group without a dot',
    spec: { group: 'example' },
    says: 'spec.group: Invalid value: "example": should be a domain with at least one dot',
  },
  {
    why: 'a scope',
    spec: { scope: 'World' },
    says: 'spec.scope: Unsupported value: "World": supported values: "Cluster", "Namespaced"',
  },
  {
    why: 'no storage version',
    spec: { versions: [version(any, { storage: false })] },
    says: 'must have exactly one version marked as storage version',
  },
  {
    why: 'no schema',
    spec: { versions: [version(any, { schema: undefined })] },
    says: 'spec.versions[0].schema.openAPIV3Schema: Required value: schemas are required',
  },
  {
    why: 'a webhook',
    spec: { conversion: { strategy: 'Webhook' } },
    says: 'spec.conversion.strategy: Unsupported value: "Webhook": supported values: "None"',
  },
  {
    why: 'a field without type',
    spec: inSchema({}),
    says: `${AT}.properties[spec].type: Required value: must not be empty for specified object fields`,
  },
  { why: 'a reference', spec: inSchema({ type: 'object', $ref: '#/x' }), says: '$ref is not supported' },
  {
    why: 'a bad pattern',
    spec: inSchema({ type: 'string', pattern: '(' }),
    says: 'must be a valid regular expression',
  },
  {
    why: 'a default that does not fit',
    spec: inSchema({ type: 'integer', default: 'x' }),
    says: `${AT}.properties[spec].default: Invalid value: "string"`,
  },
  {
    why: 'no items',
    spec: inSchema({ type: 'array' }),
    says: `${AT}.properties[spec].items: Required value: must be specified`,
  },
  {
    why: 'a structure below a junctor',
    spec: inSchema({ type: 'object', anyOf: [{ type: 'object' }] }),
    says: 'must be empty to be structural',
  },
  {
    why: 'unknown keys of a list',
    spec: inSchema({
      type: 'array',
      items: { type: 'object' },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['a'],
    }),
    says: 'must be the name of a property of the items',
  },
  {
    why: 'a path of a column',
    spec: { versions: [version(any, { additionalPrinterColumns: [{ name: 'a', type: 'string', jsonPath: 'spec' }] })] },
    says: 'must be a simple json path starting with .',
  },
  {
    why: 'a path of scale',
    spec: {
      versions: [
        version(any, { subresources: { scale: { specReplicasPath: '.status.x', statusReplicasPath: '.status.y' } } }),
      ],
    },
    says: 'should be a json path under .spec',
  },
])('refuses $why', ({ spec, says }) => {
  expect(made(spec).status?.message).toContain(says);
});

it('warns of rules in CEL, which are not evaluated', () => {
  const rules = { 'x-kubernetes-validations': [{ rule: 'self.a > 1' }] };
  const { object } = made(inSchema({ type: 'object', properties: { a: { type: 'integer' } }, ...rules }));
  expect(warningsOf(object ?? {})).toEqual([
    'spec.versions[0].schema.openAPIV3Schema.properties.spec.x-kubernetes-validations is not acted upon yet: rules in CEL are not evaluated',
  ]);
});

it('what names the objects is immutable once it is accepted', () => {
  const old = made({}).object;
  if (old === undefined) throw new Error('no object');
  old.status = { acceptedNames: { plural: 'widgets', kind: 'Widget' } };
  const changed = { ...old, spec: { ...old.spec, scope: 'Cluster', names: { ...old.spec.names, kind: 'Gadget' } } };
  const { status } = admit(kind, changed, { operation: 'update', old });
  expect(status?.details?.causes?.map(({ field }) => field)).toEqual(['spec.scope', 'spec.names.kind']);
});
