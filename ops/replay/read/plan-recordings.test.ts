import { expect, it } from 'vitest';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import type { Recording } from './gather-recordings.ts';
import { summaryOf } from './plan-recordings.ts';

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
  format: 3,
});

it('sums a recording up: from when to when, where a replay may begin, what is sealed', () => {
  const turns = [turn(1, 'start'), turn(2, 'due', { sealed: true }), turn(9, 'start')];
  expect(summaryOf(recording(turns))).toMatchObject({
    actor: 'scheduler',
    epoch: 4,
    incarnation: '2026-01-01T00:00:00.120000Z',
    from: '2026-01-01T00:00:01.120000Z',
    to: '2026-01-01T00:00:09.120000Z',
    firstTurn: 1,
    lastTurn: 9,
    turns: 3,
    starts: [1, 9],
    sealed: 1,
  });
});

it('one without turns has the moment of its start', () => {
  const moment = '2026-01-01T00:00:00.120000Z';
  expect(summaryOf(recording([]))).toMatchObject({ from: moment, to: moment, firstTurn: 0, lastTurn: 0 });
});
