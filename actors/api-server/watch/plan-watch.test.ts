import { describe, expect, it } from 'vitest';
import type { Obj } from '../object.ts';
import { acknowledged, type Flow, marked, planEvent, sinceMark, unacknowledged } from './plan-watch.ts';

const web: Obj = { metadata: { name: 'a', resourceVersion: '1', labels: { app: 'web' } } };
const db: Obj = { metadata: { name: 'a', resourceVersion: '2', labels: { app: 'db' } } };
const isWeb = ({ metadata }: Obj): boolean => metadata.labels?.['app'] === 'web';

describe('planEvent', () => {
  it.each([
    { why: 'created', change: { after: web }, event: 'ADDED' },
    { why: 'created, not chosen', change: { after: db }, event: undefined },
    { why: 'changed', change: { before: web, after: web }, event: 'MODIFIED' },
    { why: 'begins to match', change: { before: db, after: web }, event: 'ADDED' },
    { why: 'stops to match', change: { before: web, after: db }, event: 'DELETED' },
    { why: 'deleted', change: { before: web }, event: 'DELETED' },
    { why: 'deleted, not chosen', change: { before: db }, event: undefined },
    { why: 'came and went', change: {}, event: undefined },
  ])('$why', ({ change, event }) => expect(planEvent({ revision: 9, ...change }, isWeb)?.type).toBe(event));

  it('a deletion carries the last state with the revision of the deletion', () => {
    expect(planEvent({ revision: 9, before: web }, isWeb)?.object).toEqual({
      metadata: { ...web.metadata, resourceVersion: '9' },
    });
  });
});

it('counts what a reader has not acknowledged', () => {
  let flow: Flow = { sent: 10, acknowledged: 0, marks: [], missed: 0, markAt: 0 };
  flow = marked(flow, 100, true, 5);
  flow = marked({ ...flow, sent: 14 }, 104, true, 6);
  flow = { ...flow, sent: 15 };
  expect([unacknowledged(flow), sinceMark(flow), flow.missed]).toEqual([15, 1, 2]);
  const first = acknowledged(flow, 100);
  expect([unacknowledged(first), first.marks.length, first.missed]).toEqual([5, 1, 0]);
  expect(unacknowledged(acknowledged(flow, undefined))).toBe(1);
  expect(unacknowledged(acknowledged(flow, 99))).toBe(15);
  expect(unacknowledged(acknowledged(acknowledged(flow, 104), 100))).toBe(1);
});
