import { describe, expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import type { Incarnation } from '../../../actors/kernel/journal/recorder.ts';
import type { Write } from '../../../actors/kernel/view/cache.ts';
import { MemoryHistory } from '../../../actors/kernel/view/memory-history.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { gapsText, planGaps } from '../read/plan-gaps.ts';
import { planHistory, planPart, planRevisions } from './plan-export.ts';

const incarnation = (driver = false): Incarnation => ({
  self: { actor: 'a', instance: 'b', caller: 'c', prefix: 'troupe' },
  incarnation: 1,
  config: null,
  seed: [],
  window: 7,
  node: '',
  icu: '',
  build: '',
  driver,
});
const start = (window?: number): Rec =>
  window === undefined
    ? { t: 'start' }
    : { t: 'start', checkpoint: { turn: 0, now: 0, view: {}, cells: {}, random: [], window } };
const turn = (n: number, rec: Rec = { t: 'due' }, objects = n): RecordedTurn => ({
  n,
  now: n,
  view: { objects },
  rec,
  said: [],
});
/** Turns 1 to 9; a start at 1, checkpoints at 4 and 7. */
const turns = [1, 2, 3, 4, 5, 6, 7, 8, 9].map((n) =>
  turn(n, n === 1 ? start() : n % 3 === 1 ? start(10 * n) : undefined),
);

describe('the part of a recording that can be played', () => {
  it.each([
    { why: 'all of it', from: -1, to: 8, part: [1, 9] },
    { why: 'from the last start before', from: 5, to: 7, part: [4, 8] },
    { why: 'from a start itself', from: 6, to: 6, part: [7, 7] },
    { why: 'nothing, when it ends before its first start', from: 0, to: -1, part: [] },
  ])('$why', ({ from, to, part }) => {
    const planned = planPart({ incarnation: incarnation(), turns }, from, to).turns;
    expect(planned.length === 0 ? [] : [planned[0]?.n, planned.at(-1)?.n]).toEqual(part);
  });
  it('begins with the first start, when there is none before', () => {
    const late = turns.slice(1);
    expect(planPart({ incarnation: incarnation(), turns: late }, 0, 7).turns[0]?.n).toBe(4);
    expect(planPart({ incarnation: incarnation(), turns: late.slice(0, 2) }, 0, 1).turns).toEqual([]);
  });
  it('of a driver, which is only looked at, is what was asked for', () => {
    expect(planPart({ incarnation: incarnation(true), turns }, 1, 2).turns.map(({ n }) => n)).toEqual([2, 3]);
  });
});

it('needs the store from where its first start may look back to, to where its last turn stood', () => {
  const parts = [
    { incarnation: incarnation(), turns },
    { incarnation: incarnation(), turns: [turn(1, start(3), 5)] },
    { incarnation: incarnation(), turns: [turn(1, start(1), 0)] }, // sees nothing of the store
  ];
  expect(planRevisions(parts)).toEqual({ from: 3, to: 9 });
  expect(planRevisions(parts.slice(0, 1))).toEqual({ from: 7, to: 9 });
  expect(planRevisions(parts.slice(2))).toBeUndefined();
});

describe('the part of a history', () => {
  const object = (kind: string): KubeObject => ({ kind, apiVersion: 'v1', metadata: { name: 'x' } }) as KubeObject;
  const write = (revision: number, key: string, gone = false): Write => ({
    key,
    revision,
    object: gone ? undefined : object('Pod'),
  });
  const writes = [write(1, 'pods.a.x'), write(2, 'nodes._.n'), write(3, 'pods.a.y'), write(4, 'pods.a.x', true)];
  const pods = (resource: string): boolean => resource === 'pods';

  it('is what there was at its beginning, and every write after, of what is wanted', () => {
    const { bases, all, holes } = planHistory(new MemoryHistory(writes), { from: 2, to: 4 }, pods);
    expect(bases.map(({ revision, entries }) => [revision, entries.map(({ key }) => key)])).toEqual([
      [2, ['pods.a.x']],
    ]);
    expect(all.map(({ revision }) => revision)).toEqual([3, 4]);
    expect(holes).toEqual([]);
    expect(planHistory(new MemoryHistory(writes), undefined, pods)).toEqual({ bases: [], all: [], holes: [] });
  });
  it('does not pretend to know what is lost', () => {
    const torn = new MemoryHistory(writes, { holes: [{ first: 2, last: 2 }] });
    const { bases, all, holes } = planHistory(torn, { from: 2, to: 4 }, pods);
    expect(new MemoryHistory(all, { bases, holes }).missing(3)).toEqual({ first: 1, last: 2 });
    const within = planHistory(torn, { from: 1, to: 4 }, pods);
    expect(new MemoryHistory(within.all, within).missing(3)).toEqual({ first: 2, last: 2 });
    expect(new MemoryHistory(within.all, within).missing(1)).toBeUndefined();
  });
  it('has no Secret in clear, though the history did', () => {
    const secret = { ...object('Secret'), data: { password: 'c2VjcmV0' } } as KubeObject;
    const { all } = planHistory(
      new MemoryHistory([{ key: 'secrets.a.x', revision: 1, object: secret }]),
      { from: 0, to: 1 },
      () => true,
    );
    expect(all.map(({ object: left }) => left)).toEqual([object('Secret')]);
  });
});

it.each([
  { numbers: [1, 2, 3], text: '' },
  { numbers: [4, 5], text: '3 at the beginning' },
  { numbers: [1, 2, 7], text: '4 after turn 2' },
  { numbers: [3, 7, 9], text: '6 in 3 places, first at the beginning' },
])('gaps of $numbers: $text', ({ numbers, text }) => {
  expect(gapsText(planGaps(numbers.map((n) => ({ n }))))).toBe(text);
});
