import { expect, it } from 'vitest';
import type { Obj } from '../object.ts';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { findKind } from '../served-kinds.ts';
import { selectable } from './plan-selectable.ts';

const metadata = { name: 'p', namespace: 'team', uid: 'u', labels: { app: 'web' } };

it.each([
  {
    why: 'of metadata what selectors read, and which object it is',
    resource: 'pods',
    object: { metadata: { ...metadata, resourceVersion: '7', annotations: { a: 'b' }, finalizers: ['a/b'] } },
    is: { metadata },
  },
  {
    why: 'what is absent stays so',
    resource: 'pods',
    object: { metadata: { name: 'p' } },
    is: { metadata: { name: 'p' } },
  },
  {
    why: 'the parts that its field selectors read, whole',
    resource: 'pods',
    object: { metadata, spec: { nodeName: 'n', priority: 1 }, status: { phase: 'Running' }, data: {} },
    is: { metadata, spec: { nodeName: 'n', priority: 1 }, status: { phase: 'Running' } },
  },
  {
    why: 'other kinds have other fields',
    resource: 'events',
    object: { metadata, reason: 'Started', note: 'long', spec: {} },
    is: { metadata, reason: 'Started' },
  },
])('$why', ({ resource, object, is }) => {
  const { kind } = findKind(BUILT_IN, resource);
  const of = { apiVersion: 'v1', kind: kind.kind };
  expect(selectable(kind, { ...of, ...object } as Obj)).toStrictEqual({ ...of, ...is });
});
