import { VirtualTimeScheduler } from 'rxjs';
import { expect, it } from 'vitest';
import type { World } from '../../kernel/contract.ts';
import { KeyedTimers } from './keyed-timers.ts';

function timers(): {
  readonly timers: KeyedTimers;
  readonly rung: string[];
  readonly at: (ms: number, act: () => void) => void;
  readonly run: () => void;
} {
  const scheduler = new VirtualTimeScheduler();
  const made = new KeyedTimers({ scheduler, now: () => scheduler.now() } as unknown as World<unknown>);
  const rung: string[] = [];
  made.due$.subscribe((key) => rung.push(`${key} ${scheduler.now()}`));
  return {
    timers: made,
    rung,
    at: (ms, act) => void scheduler.schedule(act, ms),
    run: () => scheduler.flush(),
  };
}

it('one alarm a key: setting it moves it, and takes it away', () => {
  const room = timers();
  room.timers.set('a', 100);
  room.timers.set('b', 50);
  room.at(10, () => room.timers.set('a', 200));
  room.at(20, () => room.timers.set('b', undefined));
  room.run();
  expect(room.rung).toEqual(['a 200']);
});

it('asking again and again puts nothing off', () => {
  const room = timers();
  for (const ms of [0, 40, 80, 120, 160]) room.at(ms, () => room.timers.setWithin('a', 100));
  room.at(170, () => room.timers.setWithin('a', 10));
  room.run();
  expect(room.rung).toEqual(['a 100', 'a 180']);
});
