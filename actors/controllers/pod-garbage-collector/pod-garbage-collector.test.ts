import { expect, it } from 'vitest';
import { failure } from '../../../contracts/errors/status.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { type Heard, type TestWorld, testWorld } from '../../kernel/testing/test-world.ts';
import { planPodGarbage } from './plan-pod-garbage.ts';
import { podGarbageCollector } from './pod-garbage-collector.ts';

interface Facts {
  readonly phase?: string;
  readonly reason?: string;
  readonly leaving?: boolean;
}
/** @param age in hours, less than a day */
function pod(name: string, age: number, { phase = 'Succeeded', reason, leaving }: Facts = {}): Pod {
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1, 23 - age)).toISOString();
  const deletionTimestamp = leaving === true ? '2026-01-02T00:00:00Z' : undefined;
  return {
    metadata: {
      name,
      namespace: 'shop',
      uid: `${name}-uid`,
      creationTimestamp,
      ...(deletionTimestamp && { deletionTimestamp }),
    },
    status: { phase, ...(reason === undefined ? {} : { reason }) },
  };
}
const evicted: Facts = { phase: 'Failed', reason: 'Evicted' };

it.each<{ why: string; ended: readonly Pod[]; goes: readonly string[] }>([
  { why: 'nothing has ended', ended: [], goes: [] },
  { why: 'as many as may stay', ended: [pod('a', 1), pod('b', 2)], goes: [] },
  { why: 'the oldest goes', ended: [pod('a', 1), pod('b', 3), pod('c', 2)], goes: ['b'] },
  {
    why: 'the older, the sooner, whether they failed',
    ended: [pod('a', 1), pod('b', 3, { phase: 'Failed' }), pod('c', 2), pod('d', 4)],
    goes: ['d', 'b'],
  },
  { why: 'who was evicted goes first', ended: [pod('a', 5), pod('b', 1, evicted), pod('c', 2)], goes: ['b'] },
  { why: 'of one age by name', ended: [pod('a', 1), pod('b', 1), pod('c', 1)], goes: ['a'] },
  {
    why: 'who is on its way out makes room',
    ended: [pod('a', 3, { leaving: true }), pod('b', 2), pod('c', 1)],
    goes: [],
  },
])('$why', ({ ended, goes }) => {
  expect(planPodGarbage(ended, 2).map(({ metadata }) => metadata?.name)).toEqual(goes);
});

const deleted = (heard: readonly Heard[]): readonly string[] =>
  heard.map(({ subject }) => subject.replace('troupe.api.pod-garbage-collector.delete.pods.shop.', ''));
/** Deletes what is asked for, until nothing is. */
function grantAll(world: TestWorld): readonly string[] {
  const all: Heard[] = [];
  for (let heard = world.said(); heard.length > 0; heard = world.said()) {
    all.push(...heard);
    for (const name of deleted(heard)) world.remove('pods', 'shop', name);
    world.settle();
    for (const said of heard) world.answer(said, {});
    world.advance(1);
  }
  return deleted(all);
}

it('deletes this very pod once one too many has ended, and looks again only after a while', () => {
  const world = testWorld(podGarbageCollector(2));
  for (const name of ['a', 'b', 'c']) world.put('pods', pod(name, 1, { phase: 'Running' }));
  world.put('pods', pod('d', 2));
  world.start();
  world.put('pods', pod('b', 4));
  world.settle();
  expect(world.said()).toEqual([]);
  world.put('pods', pod('a', 1));
  world.settle();
  const [deletion, ...more] = world.said();
  expect(more).toEqual([]);
  expect(deleted(deletion === undefined ? [] : [deletion])).toEqual(['b']);
  expect(deletion?.body).toMatchObject({ preconditions: { uid: 'b-uid' } });
  world.remove('pods', 'shop', 'b');
  world.settle().answer(deletion as Heard, {});
  world.put('pods', pod('c', 1));
  world.advance(19_999);
  expect(world.said()).toEqual([]);
  world.advance(1);
  expect(grantAll(world)).toEqual(['d']);
});

it('goes on after a refusal', () => {
  const world = testWorld(podGarbageCollector(1));
  for (const name of ['a', 'b', 'c']) world.put('pods', pod(name, 1));
  world.start();
  const [first] = world.said();
  world.answer(first as Heard, failure('ServiceUnavailable', 'no api-server listens'));
  world.advance(60_000);
  expect(grantAll(world)).toEqual(['a', 'b']);
});

it('a cluster that has kept them so far is cleaned up in batches, at once', () => {
  const world = testWorld(podGarbageCollector(10));
  for (let at = 0; at < 1_210; at++) world.put('pods', pod(`p${String(at).padStart(4, '0')}`, 1));
  world.start();
  const gone = grantAll(world);
  expect(gone).toHaveLength(1_200);
  expect(new Set(gone).size).toBe(1_200);
  expect(gone).not.toContain('p1209');
});
