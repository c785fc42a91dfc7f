import { expect, it } from 'vitest';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { MemoryHistory } from '../../../actors/kernel/view/memory-history.ts';
import { RecordingGatherer } from '../read/gather-recordings.ts';
import { exportOf, type Points } from './export.ts';

/** Turns at these moments, the first of them a start. */
const turnsAt = (...moments: number[]): RecordedTurn[] =>
  moments.map((now, at) => ({
    n: at + 1,
    now,
    view: { objects: now },
    rec: at === 0 ? { t: 'start' as const } : { t: 'due' as const },
    said: [],
  }));

/** An instance that was started anew at 60, one that has been silent since 20, one that speaks, one that sees no store. */
const recordings = (() => {
  const gatherer = new RecordingGatherer();
  const add = (actor: string, incarnation: number, turns: RecordedTurn[]): void => {
    const self = { actor, instance: 'm1' };
    const about = { self, incarnation, prefix: 'troupe', driver: false, node: '20', build: '', window: 0 };
    gatherer.add({ incarnation: about as never, gap: 0, turns }, 100);
  };
  add('restarted', 0, turnsAt(0, 30, 50));
  add('restarted', 60, turnsAt(60, 80, 100));
  add('silent', 0, turnsAt(0, 20));
  add('talking', 0, turnsAt(0, 90, 100));
  add(
    'blind',
    0,
    turnsAt(0, 95).map((turn) => ({ ...turn, view: {} })),
  );
  return gatherer.recordings();
})();

it.each<{ why: string; points: Points; parts: string[] }>([
  {
    why: 'of the last moments also who was silent in them, but not who had ended',
    points: { from: { moment: 85 } },
    parts: ['blind 0-95', 'restarted 60-100', 'silent 0-20', 'talking 0-100'],
  },
  { why: 'nothing after the end', points: { from: { moment: 101 } }, parts: [] },
  {
    why: 'from a revision to another; all of who does not see them',
    points: { from: { revision: 70 }, to: { revision: 90 } },
    parts: ['blind 0-95', 'restarted 60-80', 'talking 0-90'],
  },
  {
    why: 'by numbers of turns of the newest start alone',
    points: { from: { turn: 2 }, to: { turn: 2 } },
    parts: ['blind 0-95', 'restarted 60-80', 'silent 0-20', 'talking 0-90'],
  },
  {
    why: 'up to a moment',
    points: { to: { moment: 50 } },
    parts: ['blind 0-0', 'restarted 0-50', 'silent 0-20', 'talking 0-0'],
  },
])('$why', ({ points, parts }) => {
  const { recordings: left } = exportOf('troupe', recordings, new MemoryHistory([]), points);
  const told = left.map(({ incarnation: { self }, turns }) => `${self.actor} ${turns[0]?.now}-${turns.at(-1)?.now}`);
  expect(told.sort()).toEqual(parts);
});

it('names the kinds of which it holds the history: what its actors watch, all if nobody knows what they watch', () => {
  const only = (actor: string) => {
    const some = recordings.filter(({ incarnation }) => incarnation.self.actor === 'talking');
    const named = some.map((one) => ({
      ...one,
      incarnation: { ...one.incarnation, self: { ...one.incarnation.self, actor } },
    }));
    return exportOf('troupe', named, new MemoryHistory([])).kinds;
  };
  expect(only('scheduler')).toEqual(new Set(['epochs', 'nodes', 'pods']));
  expect(only('an-actor-of-another-build')).toBe('all');
});
