import { expect, it } from 'vitest';
import { LAST_APPLIED, lastAppliedOf } from '../../../contracts/merge/last-applied.ts';
import type { Obj } from '../object.ts';
import { BUILT_IN } from '../../../contracts/kinds/registry.ts';
import { findKind } from '../served-kinds.ts';
import { planApply, planCreate } from './plan-apply.ts';

const manifest = (metadata: object, more: object = {}): Obj => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'c', ...metadata },
  ...more,
});

/** What apply makes of an object that was applied before and then changed by others; without the record. */
function applied(before: Obj, others: (made: Obj) => Obj, next: Obj, resource = 'configmaps'): Obj {
  const object = planApply(findKind(BUILT_IN, resource), next, others(planCreate(before)));
  expect(lastAppliedOf(object)).toEqual(lastAppliedOf(planCreate(next)));
  const { [LAST_APPLIED]: _, ...annotations } = object.metadata.annotations ?? {};
  return { ...object, metadata: { ...object.metadata, annotations } };
}

const annotated = (made: Obj): Obj => ({
  ...made,
  metadata: { ...made.metadata, resourceVersion: '7', annotations: { ...made.metadata.annotations, theirs: 'x' } },
});

it('a first apply adds nothing but the record of itself', () => {
  const made = planCreate(manifest({}, { data: { a: '1' } }));
  expect(lastAppliedOf(made)).toEqual(manifest({ annotations: undefined }, { data: { a: '1' } }));
  expect({ ...made, metadata: { name: 'c' } }).toEqual(manifest({}, { data: { a: '1' } }));
});

it.each([
  {
    why: 'what it says is set, what it says no longer goes, what it never mentioned stays',
    before: manifest({}, { data: { a: '1', b: '2' } }),
    others: (made: Obj): Obj => ({ ...made, data: { ...(made['data'] as object), theirs: 'x' } }),
    next: manifest({}, { data: { a: '3' } }),
    is: manifest({ annotations: {} }, { data: { a: '3', theirs: 'x' } }),
  },
  {
    why: 'annotations of others stay when it has none any more',
    before: manifest({ annotations: { mine: '1' } }),
    others: annotated,
    next: manifest({}),
    is: manifest({ annotations: { theirs: 'x' } }),
  },
  {
    why: 'only a version that it names is a condition',
    before: manifest({}),
    others: annotated,
    next: manifest({ resourceVersion: '5' }),
    is: manifest({ resourceVersion: '5', annotations: { theirs: 'x' } }),
  },
])('$why', ({ before, others, next, is }) => {
  expect(applied(before, others, next)).toEqual(is);
});

it('entries of a Secret that others added stay when it is given in plain text', () => {
  const secret = (more: object): Obj => ({ ...manifest({}, more), kind: 'Secret' });
  const stored = (): Obj => ({
    ...planCreate(secret({ data: { mine: 'MQ==' } })),
    data: { mine: 'MQ==', theirs: 'Mg==' },
  });
  const object = applied(secret({}), stored, secret({ stringData: { other: '3' } }), 'secrets');
  expect(object).toMatchObject({ data: { theirs: 'Mg==' }, stringData: { other: '3' } });
  expect(object['data']).not.toHaveProperty('mine');
});
