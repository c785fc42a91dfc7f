import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit } from '../admit.ts';
import type { CustomResourceDefinition, JSONSchemaProps, KubeObject } from '../kinds.ts';
import { kindsOf } from '../registry.ts';
import { compareVersions } from './compare-versions.ts';
import { customKind } from './custom-kind.ts';
import { apiResources, discoveredKinds } from './discovered-kinds.ts';

const GROUP = 'example.com';
const SPEC: JSONSchemaProps = {
  type: 'object',
  required: ['size'],
  properties: {
    size: { type: 'integer', minimum: 1, maximum: 10 },
    colour: { type: 'string', enum: ['red', 'blue'], default: 'red' },
    cron: { type: 'string', pattern: '^\\d+$', maxLength: 3 },
    port: { 'x-kubernetes-int-or-string': true },
    free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    maybe: { type: 'string', nullable: true, default: 'x' },
    tags: { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
    ports: {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
      items: {
        type: 'object',
        required: ['name'],
        properties: { name: { type: 'string' }, number: { type: 'integer' } },
      },
    },
    either: {
      type: 'object',
      oneOf: [{ required: ['a'] }, { required: ['b'] }],
      properties: { a: { type: 'string' }, b: { type: 'string' } },
    },
  },
};
const definition = (more: object = {}): CustomResourceDefinition => ({
  metadata: { name: `widgets.${GROUP}` },
  spec: {
    group: GROUP,
    scope: 'Namespaced',
    names: { plural: 'widgets', singular: 'widget', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {}, scale: { specReplicasPath: '.spec.size', statusReplicasPath: '.status.size' } },
        additionalPrinterColumns: [
          { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
          { name: 'Ready', type: 'string', jsonPath: '.status.conditions[?(@.type=="Ready")].status' },
          { name: 'App', type: 'string', jsonPath: '.metadata.labels.app\\.example\\.com/name', priority: 1 },
        ],
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: { spec: SPEC, status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
          },
        },
      },
      {
        name: 'v1beta1',
        served: true,
        storage: false,
        schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
      },
    ],
    ...more,
  },
  status: { conditions: [{ type: 'Established', status: 'True' }] },
});
const kind = customKind(definition());
const widget = (spec: object, more: object = {}): KubeObject =>
  ({
    apiVersion: `${GROUP}/v1`,
    kind: 'Widget',
    metadata: { name: 'a', namespace: 'default' },
    spec,
    ...more,
  }) as KubeObject;
const stamp = { uid: 'u', creationTimestamp: '2026-01-01T00:00:00Z' };
const create = (object: unknown) => admit(kind, object, { operation: 'create', stamp });

describe('objects of a custom kind', () => {
  it('get defaults, lose null and their status, and have a generation', () => {
    const { object } = create(
      widget({ size: 2, cron: null, maybe: null, free: { any: [1, { x: null }] } }, { status: { size: 9 } }),
    );
    expect(object).toEqual({
      apiVersion: 'example.com/v1',
      kind: 'Widget',
      metadata: {
        name: 'a',
        namespace: 'default',
        uid: 'u',
        creationTimestamp: stamp.creationTimestamp,
        generation: 1,
      },
      spec: { size: 2, colour: 'red', maybe: null, free: { any: [1, { x: null }] } },
    });
  });

  it.each([
    { why: 'a required field', spec: {}, says: 'spec.size: Required value' },
    {
      why: 'a type',
      spec: { size: '2' },
      says: 'spec.size: Invalid value: "string": spec.size in body must be of type integer: "string"',
    },
    {
      why: 'a maximum',
      spec: { size: 11 },
      says: 'spec.size: Invalid value: 11: spec.size in body should be less than or equal to 10',
    },
    {
      why: 'an enum',
      spec: { size: 1, colour: 'green' },
      says: 'spec.colour: Unsupported value: "green": supported values: "red", "blue"',
    },
    {
      why: 'a pattern',
      spec: { size: 1, cron: 'x' },
      says: 'spec.cron: Invalid value: "x": spec.cron in body should match \'^\\d+$\'',
    },
    { why: 'a length', spec: { size: 1, cron: '12345' }, says: 'spec.cron: Too long: may not be more than 3 bytes' },
    {
      why: 'int-or-string',
      spec: { size: 1, port: true },
      says: 'spec.port: Invalid value: "boolean": spec.port in body must be of type integer,string: "boolean"',
    },
    {
      why: 'an unknown field',
      spec: { size: 1, color: 'red' },
      says: 'spec.color: unknown field, did you mean "colour"?',
    },
    {
      why: 'a value of a map',
      spec: { size: 1, labels: { a: 1 } },
      says: 'spec.labels.a: Invalid value: "integer": spec.labels.a in body must be of type string: "integer"',
    },
    { why: 'a set', spec: { size: 1, tags: ['a', 'a'] }, says: 'spec.tags[1]: Duplicate value: "a"' },
    {
      why: 'keys of a list',
      spec: { size: 1, ports: [{ name: 'a' }, { name: 'a', number: 1 }] },
      says: 'spec.ports[1]: Duplicate value: {"name":"a"}',
    },
    {
      why: 'oneOf',
      spec: { size: 1, either: {} },
      says: 'spec.either: Invalid value: {}: "spec.either" must validate one and only one schema (oneOf). Found none valid',
    },
  ])('are refused by $why', ({ spec, says }) => {
    const { status } = create(widget(spec));
    expect(status?.message).toBe(`Widget.example.com "a" is invalid: ${says}`);
    expect(status?.reason).toBe('Invalid');
  });

  it('metadata has the types that Kubernetes defines, whatever the schema says', () => {
    expect(
      create(widget({ size: 1 }, { metadata: { name: 'a', namespace: 'default', labels: { a: 1 } } })).status?.message,
    ).toContain('metadata.labels[a]: Invalid value: 1: must be a string, not a number');
    expect(create(widget({ size: 1 }, { metadata: { name: 'A', namespace: 'default' } })).status?.message).toContain(
      'metadata.name',
    );
  });

  it('an update keeps the status, and raises the generation only if something else changed', () => {
    const old = { ...create(widget({ size: 1 })).object, status: { size: 1 } } as KubeObject;
    const update = (object: object) => admit(kind, { ...old, ...object }, { operation: 'update', old }).object;
    expect(update({ status: { size: 5 } })).toMatchObject({ status: { size: 1 }, metadata: { generation: 1 } });
    expect(update({ spec: { size: 2 } })).toMatchObject({ status: { size: 1 }, metadata: { generation: 2 } });
    const status = admit(kind, { ...old, status: { size: 7 } }, { operation: 'status', old }).object;
    expect(status).toMatchObject({ status: { size: 7 }, metadata: { generation: 1 } });
  });

  it('in another version they have its apiVersion, and the fields of its schema only', () => {
    const [v1, beta] = kind.versions;
    const stored = { ...widget({ size: 1, gone: true }), status: {} } as KubeObject;
    expect(v1?.fromStorage?.(stored)).toMatchObject({ spec: { size: 1, colour: 'red' } });
    expect(v1?.fromStorage?.(stored)).not.toHaveProperty('spec.gone');
    expect(beta?.fromStorage?.(stored)).toMatchObject({ apiVersion: 'example.com/v1beta1', spec: { gone: true } });
    const made = create({ ...widget({ size: 3 }), apiVersion: 'example.com/v1beta1' }).object;
    expect(made).toMatchObject({ apiVersion: 'example.com/v1', spec: { size: 3, colour: 'red' } });
  });

  it('have columns and replicas by the paths of the definition', () => {
    const object = widget(
      { size: 3 },
      {
        metadata: { name: 'a', labels: { 'app.example.com/name': 'shop' } },
        status: {
          size: 2,
          conditions: [
            { type: 'Other', status: 'x' },
            { type: 'Ready', status: 'True' },
          ],
        },
      },
    );
    expect(kind.columns.map((column) => [column.name, column.value(object, 0)])).toEqual([
      ['NAME', 'a'],
      ['SIZE', '3'],
      ['READY', 'True'],
      ['APP', 'shop'],
    ]);
    expect(kind.scale?.read(object)).toEqual({ wanted: 3, actual: 2, selector: '' });
    expect(kind.scale?.withReplicas(object, 5)).toMatchObject({ spec: { size: 5 } });
  });

  it('merge as kubectl merges them: maps by field, lists as a whole, metadata by its keys', () => {
    const way = {
      lastApplied: { spec: { a: 1, b: 1 }, metadata: { labels: { mine: '1' } } },
      live: {
        spec: { a: 1, b: 1, theirs: 1, list: [1] },
        metadata: { labels: { mine: '1', theirs: '2' }, finalizers: ['x.io/f'] },
      },
      next: { spec: { a: 2, list: [2] }, metadata: { labels: {} } },
    };
    expect(kind.schema.merge(way)).toEqual({
      spec: { a: 2, theirs: 1, list: [2] },
      metadata: { labels: { theirs: '2' }, finalizers: ['x.io/f'] },
    });
    expect(kind.schema.merge({ ...way, lastApplied: way.live, next: way.live })).toBe(way.live);
  });
});

it('no input makes admission throw, and what is admitted is admitted again unchanged', () => {
  fc.assert(
    fc.property(
      fc.jsonValue(),
      fc.dictionary(fc.constantFrom(...Object.keys(SPEC.properties ?? {}), 'other'), fc.jsonValue()),
      (any, spec) => {
        create(any);
        const { object } = create(widget({ size: 1, ...spec }));
        if (object === undefined) return;
        const again = admit(kind, object, { operation: 'update', old: object }).object;
        expect(again).toEqual(object);
      },
    ),
  );
});

it('a registry has the custom kinds that are established, and clients learn them from discovery', () => {
  const registry = kindsOf([definition()]);
  expect(registry.named('widgets.example.com')?.version.apiVersion).toBe('example.com/v1');
  expect(registry.named('widgets.v1beta1.example.com')?.version.apiVersion).toBe('example.com/v1beta1');
  expect(registry.servedVersions('Widget')).toEqual(['example.com/v1', 'example.com/v1beta1']);
  expect(kindsOf([{ ...definition(), status: {} }]).named('widgets.example.com')).toBeUndefined();
  const discovered = discoveredKinds(apiResources(registry));
  expect(discovered.names).toEqual(registry.names);
  expect(discovered.named('widgets.example.com')?.kind.columns.map(({ name }) => name)).toEqual([
    'NAME',
    'SIZE',
    'READY',
    'APP',
  ]);
});

it('versions have the priority that Kubernetes gives them', () => {
  const sorted = ['v10', 'v2', 'v1', 'v11beta2', 'v10beta3', 'v3beta1', 'v12alpha1', 'v11alpha2', 'foo1', 'foo10'];
  expect(sorted.toReversed().sort(compareVersions)).toEqual(sorted);
});
