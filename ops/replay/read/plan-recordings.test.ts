import { expect, it } from 'vitest';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import type { Recording } from './gather-recordings.ts';
import { recordingsText, summariesOf } from './plan-recordings.ts';

const BEGAN = Date.parse('2026-01-01T00:00:00.120Z');
const turn = (n: number, t: 'start' | 'due', more: Partial<RecordedTurn> = {}): RecordedTurn => ({
  n,
  now: BEGAN + n * 1_000,
  view: {},
  rec: { t },
  said: [],
  ...more,
});
const recording = (turns: readonly RecordedTurn[]): Recording => ({
  incarnation: {
    self: { actor: 'scheduler', instance: 'm1', epoch: 4, caller: 'master', prefix: 'troupe' },
    incarnation: BEGAN,
    config: {},
    seed: [],
    window: 0,
    node: '',
    icu: '',
    build: '',
    driver: false,
  },
  turns,
  segments: 1,
  bytes: 7,
  dropped: 0,
  gaps: [],
});

it('sums a recording up: its span, where a replay may begin, what is sealed', () => {
  const checkpoint = { turn: 8, now: BEGAN, view: {}, cells: {}, random: [], window: 0 };
  const turns = [
    turn(1, 'start'),
    turn(2, 'due', { sealed: true }),
    turn(9, 'start', { rec: { t: 'start', checkpoint } }),
  ];
  expect(summariesOf([recording(turns)])[0]).toMatchObject({
    actor: 'scheduler',
    epoch: 4,
    incarnation: '2026-01-01T00:00:00.120000Z',
    from: '2026-01-01T00:00:01.120000Z',
    to: '2026-01-01T00:00:09.120000Z',
    firstTurn: 1,
    lastTurn: 9,
    turns: 3,
    starts: 1, // a checkpoint is not a start
    playableFrom: [1, 9],
    sealed: 1,
  });
});

it('one without turns has the moment of its start', () => {
  const moment = '2026-01-01T00:00:00.120000Z';
  expect(summariesOf([recording([])])[0]).toMatchObject({ from: moment, to: moment, firstTurn: 0, lastTurn: 0 });
});

const of = (actor: string, driver = false, at = 0): Recording => {
  const { incarnation, ...rest } = recording([turn(1, 'start')]);
  const self = { ...incarnation.self, actor };
  return { ...rest, incarnation: { ...incarnation, self, driver, incarnation: BEGAN + at } };
};

it('counts the starts of each instance', () => {
  const all = [of('scheduler'), of('kubelet'), of('kubelet', false, 1), of('kubelet', false, 2)];
  expect(summariesOf(all).map(({ actor, starts }) => [actor, starts])).toEqual([
    ['scheduler', 1],
    ['kubelet', 3],
    ['kubelet', 3],
    ['kubelet', 3],
  ]);
});

it.each([
  { recordings: [of('scheduler')], text: '1 recording' },
  { recordings: [of('scheduler'), of('kubelet')], text: '2 recordings' },
  { recordings: [of('scheduler'), of('kubelet'), of('runtime', true)], text: '2 recordings and 1 of a driver' },
  { recordings: [of('runtime', true), of('runtime', true, 1)], text: '2 recordings of drivers' },
])('counts apart what cannot be played: $text', ({ recordings, text }) => {
  expect(recordingsText(recordings)).toBe(text);
});
