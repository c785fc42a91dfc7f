import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFields } from './admit.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import type { Kind } from './kind.ts';
import { podKind } from './pod/pod.ts';
import { KINDS } from './registry.ts';

const told = (kind: Pick<Kind, 'versions' | 'schema'>, object: unknown): readonly string[] =>
  checkFields(kind, object).map(({ field, message }) => `${field}: ${message}`);
const pod = (container: object) => ({ spec: { containers: [{ name: 'a', ...container }] } });

describe('checkFields', () => {
  it.each([
    {
      why: 'a misspelt field',
      object: pod({ imgae: 'x' }),
      told: ['spec.containers[0].imgae: unknown field, did you mean "image"?'],
    },
    {
      why: 'wrong case',
      object: pod({ Image: 'x' }),
      told: ['spec.containers[0].Image: unknown field, did you mean "image"?'],
    },
    { why: 'nothing near', object: { zzzzzzzz: 1 }, told: ['zzzzzzzz: unknown field'] },
    {
      why: 'a string for a number',
      object: pod({ ports: [{ containerPort: '80' }] }),
      told: [
        'spec.containers[0].ports[0].containerPort: Invalid value: "80": must be a 32-bit whole number, not a string',
      ],
    },
    {
      why: 'a fraction for a whole number',
      object: { spec: { containers: [], terminationGracePeriodSeconds: 0.5 } },
      told: ['spec.terminationGracePeriodSeconds: Invalid value: 0.5: must be a whole number'],
    },
    {
      why: 'a struct for a list',
      object: { spec: { containers: { name: 'a' } } },
      told: ['spec.containers: Invalid value: {"name":"a"}: must be a list, not an object'],
    },
    {
      why: 'a list for a map',
      object: { metadata: { labels: ['a'] } },
      told: ['metadata.labels: Invalid value: ["a"]: must be an object, not a list'],
    },
    {
      why: 'a number as a label',
      object: { metadata: { labels: { version: 1 } } },
      told: ['metadata.labels[version]: Invalid value: 1: must be a string, not a number'],
    },
    {
      why: 'bytes, as YAML makes of !!binary and MessagePack has them',
      object: { metadata: { labels: { version: Buffer.from('hello') } } },
      told: [
        'metadata.labels[version]: Invalid value: (5 bytes): must be a string, not bytes; send text, in YAML without the tag !!binary',
      ],
    },
    {
      why: 'a map key that needs brackets',
      object: { metadata: { labels: { 'example.com/x': true } } },
      told: ['metadata.labels[example.com/x]: Invalid value: true: must be a string, not a boolean'],
    },
    {
      why: 'null in a list',
      object: { spec: { containers: [null] } },
      told: ['spec.containers[0]: Invalid value: null: must be an object'],
    },
    {
      why: 'what is missing',
      object: { spec: { containers: [{}] } },
      told: ['spec.containers[0].name: Required value'],
    },
    {
      why: 'a quantity that is none',
      object: pod({ resources: { limits: { cpu: 'two' } } }),
      told: [
        'spec.containers[0].resources.limits[cpu]: Invalid value: "two": must be a quantity like 250m, 1.5 or 64Mi',
      ],
    },
    {
      why: 'a moment that is none',
      object: { metadata: { creationTimestamp: 'now' } },
      told: ['metadata.creationTimestamp: Invalid value: "now": must be a time like "2026-01-31T12:00:00Z"'],
    },
    { why: 'no object at all', object: 'pod', told: [': Invalid value: "pod": must be an object, not a string'] },
    {
      why: 'null is absent',
      object: { metadata: { creationTimestamp: null, labels: null }, spec: null, status: {} },
      told: [],
    },
    {
      why: 'a status may lack what the system fills in',
      object: { status: { containerStatuses: [{ name: 'a' }] } },
      told: [],
    },
    {
      why: 'a prototype is no field',
      object: JSON.parse('{"__proto__": {"a": 1}}'),
      told: ['__proto__: unknown field'],
    },
    {
      why: 'nor a label',
      object: { metadata: { labels: JSON.parse('{"__proto__": "x"}') } },
      told: ['metadata.labels[__proto__]: Forbidden: this name is reserved'],
    },
    {
      why: 'nor hidden in free JSON',
      object: { metadata: { managedFields: [{ fieldsV1: { a: { constructor: 1 } } }] } },
      told: ['metadata.managedFields[0].fieldsV1.a.constructor: Forbidden: this name is reserved'],
    },
  ])('$why', ({ object, told: wanted }) => {
    expect(told(podKind, object)).toEqual(wanted);
  });

  it('goes by the version that the object names', () => {
    expect(told(eventKind, { apiVersion: 'events.k8s.io/v1', note: 'x' })).toEqual([]);
    expect(told(eventKind, { apiVersion: 'v1', metadata: {}, involvedObject: {}, note: 'x' })).toEqual([
      'note: unknown field',
    ]);
  });

  it('ends in bottomless JSON', () => {
    let deep: object = {};
    for (let depth = 0; depth < 50_000; depth++) deep = { a: deep };
    expect(told(podKind, { metadata: { managedFields: [{ fieldsV1: deep }] } })[0]).toContain(
      'must not be nested deeper than 64',
    );
  });

  it('tells at most 100 things', () => {
    const many = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`x${index}`, 1]));
    expect(told(deploymentKind, { ...many, spec: many })).toHaveLength(100);
  });

  const wild = {
    withBigInt: true,
    withDate: true,
    withMap: true,
    withNullPrototype: true,
    withObjectString: true,
    withSet: true,
    withSparseArray: true,
    withTypedArray: true,
  };
  const shaped = fc.record({
    apiVersion: fc.anything(),
    metadata: fc.record({ labels: fc.anything(wild), name: fc.anything(), managedFields: fc.anything(wild) }),
    spec: fc.record({
      containers: fc.array(fc.record({ ports: fc.anything(wild), resources: fc.anything(wild) })),
      template: fc.anything(),
    }),
    status: fc.anything(wild),
  });
  it('a name of megabytes is told with its beginning, however much is wrong below it', () => {
    const long = 'k'.repeat(1_000_000);
    const managed = [{ fieldsV1: { [long]: Array.from({ length: 100 }, () => ({ constructor: 1 })) } }];
    const told = checkFields(podKind, { metadata: { managedFields: managed, labels: { [long]: 1 } }, [long]: 1 });
    expect(told).toHaveLength(100);
    expect(told[0]?.field).toMatch(/^metadata\.managedFields\[0\]\.fieldsV1\[k{400}\.\.\.\]\[0\]\.constructor$/);
    expect(JSON.stringify(told).length).toBeLessThan(100_000);
    expect(checkFields(podKind, { [long]: 1 })[0]?.field).toMatch(/^\[k{400}\.\.\.\]$/);
    expect(checkFields(podKind, { metadata: { labels: { [long]: 1 } } })[0]?.field).toMatch(
      /^metadata\.labels\[k+\.\.\.\]$/,
    );
  });

  it('never throws, whatever comes', () => {
    fc.assert(
      fc.property(fc.oneof(fc.anything(wild), shaped), fc.constantFrom(...KINDS), (value, kind) => {
        expect(Array.isArray(checkFields(kind, value))).toBe(true);
      }),
    );
  });
});
