import { expect, it } from 'vitest';
import type { CustomResourceDefinition, KubeObject } from '../../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { planDefinition } from './plan-definition.ts';

const NOW = Date.parse('2026-01-01T00:00:10Z');
const at = (secondsAgo: number): string => rfc3339(NOW - secondsAgo * 1_000);

const definition = (
  plural: string,
  kind: string,
  more: Partial<CustomResourceDefinition> = {},
): CustomResourceDefinition => ({
  metadata: { name: `${plural}.example.com` },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural, singular: kind.toLowerCase(), kind, listKind: `${kind}List`, shortNames: ['w'] },
    versions: [{ name: 'v1', served: true, storage: true }],
  },
  ...more,
});
const leaving = (closedAgo?: number): CustomResourceDefinition =>
  definition('widgets', 'Widget', {
    metadata: {
      name: 'widgets.example.com',
      deletionTimestamp: at(5),
      finalizers: ['customresourcecleanup.apiextensions.k8s.io', 'x.io/y'],
    },
    status: {
      conditions:
        closedAgo === undefined ? [] : [{ type: 'Terminating', status: 'True', lastTransitionTime: at(closedAgo) }],
    },
  });
const widget = (name: string, more: object = {}): KubeObject => ({
  metadata: { name, namespace: 'a', uid: name, ...more },
});

it('accepts names that are free, and establishes the definition', () => {
  const { effects, againInMs } = planDefinition(definition('widgets', 'Widget'), [], [], NOW);
  const [effect] = effects;
  if (effect?.type !== 'set-status') throw new Error('no status');
  expect(effect.status.acceptedNames?.kind).toBe('Widget');
  expect(effect.status.storedVersions).toEqual(['v1']);
  for (const type of ['NamesAccepted', 'Established'])
    expect(conditionOf(effect.status, type)).toMatchObject({ status: 'True', lastTransitionTime: at(0) });
  expect(againInMs).toBeUndefined();
  const settled = definition('widgets', 'Widget', { status: effect.status });
  expect(planDefinition(settled, [settled], [], NOW + 60_000)).toEqual({ effects: [] });
});

it('does not accept a name in use, and asks again', () => {
  const other = definition('wrenches', 'Wrench');
  other.status = { acceptedNames: other.spec.names };
  const { effects, againInMs } = planDefinition(definition('widgets', 'Widget'), [other], [], NOW);
  const [effect] = effects;
  if (effect?.type !== 'set-status') throw new Error('no status');
  expect(conditionOf(effect.status, 'NamesAccepted')).toMatchObject({
    status: 'False',
    reason: 'ShortNamesConflict',
    message: '"w" is already in use',
  });
  expect(conditionOf(effect.status, 'Established')).toMatchObject({ status: 'False' });
  expect(againInMs).toBeGreaterThan(0);
});

it.each([
  { why: 'is closed first', of: leaving(), objects: [widget('a')], plan: ['set-status'] },
  {
    why: 'loses its objects',
    of: leaving(1),
    objects: [widget('a'), widget('b', { deletionTimestamp: at(0) })],
    plan: ['delete-object'],
  },
  {
    why: 'waits for objects that are being deleted',
    of: leaving(9),
    objects: [widget('b', { deletionTimestamp: at(0) })],
    plan: [],
  },
  { why: 'waits until every api-server knows', of: leaving(1), objects: [], plan: [] },
  { why: 'loses its finalizer last', of: leaving(9), objects: [], plan: ['set-finalizers'] },
])('a definition that is being deleted $why', ({ of, objects, plan }) => {
  const { effects } = planDefinition(of, [of], objects, NOW);
  expect(effects.map(({ type }) => type)).toEqual(plan);
  for (const effect of effects) if (effect.type === 'set-finalizers') expect(effect.finalizers).toEqual(['x.io/y']);
});
