import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { admit, checkFields } from '../kinds/admit.ts';
import { deploymentKind } from '../kinds/deployment/deployment.ts';
import type { Deployment } from '../kinds/kinds.ts';
import { podKind } from '../kinds/pod/pod.ts';
import { LAST_APPLIED, lastAppliedOf, withLastApplied } from './last-applied.ts';

const spec = (fields: object) => ({ spec: fields });
const containers = (...list: object[]) => spec({ containers: list });

describe('applyThreeWay', () => {
  it.each([
    {
      why: 'sets what is asked for and keeps defaults',
      last: containers({ name: 'a', image: 'x:1' }),
      live: containers({ name: 'a', image: 'x:1', imagePullPolicy: 'IfNotPresent' }),
      next: containers({ name: 'a', image: 'x:2' }),
      result: containers({ name: 'a', image: 'x:2', imagePullPolicy: 'IfNotPresent' }),
    },
    {
      why: 'removes what was asked for and is no longer',
      last: { metadata: { labels: { app: 'web', old: '1' } } },
      live: { metadata: { uid: 'u', labels: { app: 'web', old: '1', theirs: '2' } } },
      next: { metadata: { labels: { app: 'web' } } },
      result: { metadata: { uid: 'u', labels: { app: 'web', theirs: '2' } } },
    },
    {
      why: 'never removes what it did not set',
      last: undefined,
      live: { metadata: { annotations: { theirs: '2' } } },
      next: { metadata: { annotations: { mine: '1' } } },
      result: { metadata: { annotations: { theirs: '2', mine: '1' } } },
    },
    {
      why: 'a container that is gone from the manifest goes, one that somebody injected stays',
      last: containers({ name: 'a' }, { name: 'b' }),
      live: containers({ name: 'a' }, { name: 'b' }, { name: 'injected' }),
      next: containers({ name: 'b' }),
      result: containers({ name: 'b' }, { name: 'injected' }),
    },
    {
      why: 'env by name',
      last: containers({
        name: 'a',
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '1' },
        ],
      }),
      live: containers({
        name: 'a',
        env: [
          { name: 'X', value: '1' },
          { name: 'Y', value: '1' },
        ],
      }),
      next: containers({
        name: 'a',
        env: [
          { name: 'Y', value: '2' },
          { name: 'Z', value: '3' },
        ],
      }),
      result: containers({
        name: 'a',
        env: [
          { name: 'Y', value: '2' },
          { name: 'Z', value: '3' },
        ],
      }),
    },
    {
      why: 'env that turns from a value to a reference loses the value',
      last: containers({ name: 'a', env: [{ name: 'X', value: '1' }] }),
      live: containers({ name: 'a', env: [{ name: 'X', value: '1' }] }),
      next: containers({ name: 'a', env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] }),
      result: containers({ name: 'a', env: [{ name: 'X', valueFrom: { fieldRef: { fieldPath: 'spec.nodeName' } } }] }),
    },
    {
      why: 'ports by number and protocol, TCP when unsaid',
      last: containers({ name: 'a', ports: [{ containerPort: 53 }] }),
      live: containers({ name: 'a', ports: [{ containerPort: 53, protocol: 'TCP' }] }),
      next: containers({
        name: 'a',
        ports: [
          { containerPort: 53, name: 'dns' },
          { containerPort: 53, protocol: 'UDP' },
        ],
      }),
      result: containers({
        name: 'a',
        ports: [
          { containerPort: 53, protocol: 'TCP', name: 'dns' },
          { containerPort: 53, protocol: 'UDP' },
        ],
      }),
    },
    {
      why: 'lists without a key are replaced',
      last: containers({ name: 'a', args: ['1', '2'] }),
      live: containers({ name: 'a', args: ['1', '2'] }),
      next: containers({ name: 'a', args: ['3'] }),
      result: containers({ name: 'a', args: ['3'] }),
    },
    {
      why: 'a volume keeps only the source that is asked for',
      last: undefined,
      live: spec({ volumes: [{ name: 'v', emptyDir: {} }] }),
      next: spec({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] }),
      result: spec({ volumes: [{ name: 'v', hostPath: { path: '/x' } }] }),
    },
    {
      why: 'finalizers are a set',
      last: { metadata: { finalizers: ['a/b'] } },
      live: { metadata: { finalizers: ['a/b', 'c/d'] } },
      next: { metadata: { finalizers: ['e/f'] } },
      result: { metadata: { finalizers: ['e/f', 'c/d'] } },
    },
    {
      why: 'null takes away',
      last: undefined,
      live: { metadata: { labels: { app: 'web' } }, spec: { hostname: 'x' } },
      next: { metadata: { labels: { app: null } }, spec: { hostname: null } },
      result: { metadata: { labels: {} }, spec: {} },
    },
    {
      why: 'items that cannot be told apart are taken as they are, to be refused later',
      last: undefined,
      live: containers({ name: 'a', image: 'x' }),
      next: containers({ name: 'a' }, { name: 'a' }),
      result: containers({ name: 'a' }, { name: 'a' }),
    },
  ])('$why', ({ last, live, next, result }) => {
    const before = structuredClone([last, live, next]);
    const merged = podKind.schema.merge({ lastApplied: last, live, next });
    expect(merged).toEqual(result);
    expect(podKind.schema.merge({ lastApplied: next, live: merged, next })).toBe(merged);
    expect([last, live, next]).toEqual(before);
  });

  it("a strategy that becomes Recreate drops the rolling update's defaults", () => {
    const live = spec({
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: '25%', maxUnavailable: '25%' } },
    });
    const next = spec({ strategy: { type: 'Recreate' } });
    expect(deploymentKind.schema.merge({ lastApplied: undefined, live, next })).toEqual(next);
  });
});

/** Manifests of deployments as people write them, in all sorts. */
const container = fc.record(
  {
    name: fc.constantFrom('a', 'b', 'c'),
    image: fc.constantFrom('x:1', 'y'),
    env: fc.uniqueArray(fc.record({ name: fc.constantFrom('X', 'Y'), value: fc.constantFrom('1', '2') }), {
      selector: (e) => e.name,
    }),
    ports: fc.uniqueArray(fc.record({ containerPort: fc.constantFrom(80, 81) }), { selector: (p) => p.containerPort }),
    resources: fc.record({ limits: fc.record({ cpu: fc.constantFrom('1', '0.5', 2) }) }),
  },
  { requiredKeys: ['name', 'image'] },
);
const manifest = fc
  .record(
    {
      replicas: fc.nat(5),
      containers: fc.uniqueArray(container, { selector: (one) => one.name, minLength: 1 }),
      labels: fc.dictionary(fc.constantFrom('x', 'y'), fc.constantFrom('1', '2')),
      strategy: fc.constantFrom({ type: 'Recreate' }, { type: 'RollingUpdate' }),
    },
    { requiredKeys: ['containers'] },
  )
  .map(({ containers: list, labels, replicas, strategy }) => ({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'web', namespace: 'default', ...(labels ? { labels } : {}) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(strategy === undefined ? {} : { strategy }),
      selector: { matchLabels: { app: 'web' } },
      template: { metadata: { labels: { app: 'web' } }, spec: { containers: list } },
    },
  }));

/** One apply against a stored object, as the api-server does it. */
function apply(live: Deployment | undefined, next: Record<string, unknown>): Deployment {
  const lastApplied = live === undefined ? undefined : lastAppliedOf(live);
  const merged = live === undefined ? next : deploymentKind.schema.merge({ lastApplied, live, next });
  const recorded = withLastApplied(merged as Deployment, next);
  const admitted = admit(
    deploymentKind,
    recorded,
    live === undefined ? { operation: 'create' } : { operation: 'update', old: live },
  );
  if (admitted.object === undefined) throw new Error(admitted.status.message);
  return admitted.object;
}

describe('apply, as the api-server does it', () => {
  it('twice is once', () => {
    fc.assert(
      fc.property(manifest, manifest, (first, second) => {
        const once = apply(apply(undefined, first), second);
        expect(apply(once, second)).toEqual(once);
      }),
    );
  });

  it('of one manifest after another leaves what the second alone would', () => {
    fc.assert(
      fc.property(manifest, manifest, (first, second) => {
        const { metadata: _a, ...after } = apply(apply(undefined, first), second);
        const { metadata: _b, ...alone } = apply(undefined, second);
        // defaults of fields that came and went stay; everything that the second manifest names is as it says
        expect(after.spec?.template.spec?.containers.map((one) => [one.name, one.image])).toEqual(
          alone.spec?.template.spec?.containers.map((one) => [one.name, one.image]),
        );
        expect(after.spec?.replicas).toBe(alone.spec?.replicas);
        expect(after.spec?.strategy).toEqual(alone.spec?.strategy);
      }),
    );
  });

  it('of the live object onto itself changes nothing', () => {
    fc.assert(
      fc.property(manifest, (first) => {
        const live = apply(undefined, first);
        expect(deploymentKind.schema.merge({ lastApplied: live, live, next: live })).toBe(live);
        expect(deploymentKind.schema.merge({ lastApplied: undefined, live, next: live })).toBe(live);
      }),
    );
  });
});

describe('last applied', () => {
  it('holds the manifest, without an older record of itself and without status', () => {
    const manifest = {
      kind: 'Pod',
      metadata: { name: 'a', annotations: { x: 'y', [LAST_APPLIED]: '{}' } },
      status: {},
    };
    const object = withLastApplied({ metadata: { name: 'a' } }, manifest);
    expect(lastAppliedOf(object)).toEqual({ kind: 'Pod', metadata: { name: 'a', annotations: { x: 'y' } } });
  });
  it('of a Secret holds names, never values', () => {
    const manifest = { kind: 'Secret', data: { a: 'c2VjcmV0' }, stringData: { b: 'secret' } };
    const object = withLastApplied({}, manifest);
    expect(lastAppliedOf(object)).toEqual({ kind: 'Secret', data: { a: '', b: '' } });
  });
  it.each([['{'], ['[]'], ['null']])('is absent when it reads %s', (text) => {
    expect(lastAppliedOf({ metadata: { annotations: { [LAST_APPLIED]: text } } })).toBeUndefined();
  });
});

it.each([
  { why: 'a set', of: (deep: unknown) => ({ metadata: { finalizers: [deep] } }) },
  { why: 'a list with a key', of: (deep: unknown) => ({ spec: { containers: [{ name: deep }] } }) },
])('$why of what is nested without end passes through, to be refused by the check of fields', ({ of }) => {
  const next = of(JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)));
  const live = { metadata: { finalizers: ['a/b'] }, spec: { containers: [{ name: 'a' }] } };
  const merged = podKind.schema.merge({ lastApplied: undefined, live, next });
  expect(checkFields(podKind, merged).map(({ reason }) => reason)).toContain('FieldValueTypeInvalid');
});

it('a manifest that is nested without end is no record', () => {
  const deep: unknown = JSON.parse('['.repeat(100_000) + ']'.repeat(100_000));
  expect(() => withLastApplied({ metadata: { name: 'a' } }, { deep })).toThrow('nested too deep');
});
