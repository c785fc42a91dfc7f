import * as fc from 'fast-check';
import { map, of, Subject, timer } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { describe, expect, it } from 'vitest';
import { coalesceByKey } from './coalesce-by-key.ts';

const marbles = (run: Parameters<TestScheduler['run']>[0]) =>
  new TestScheduler((actual, expected) => expect(actual).toEqual(expected)).run(run);
const work = (key: string) => timer(3).pipe(map(() => key));

describe('coalesceByKey', () => {
  it.each([
    {
      why: 'three wake-ups of a are two runs; b is not held up',
      wakes: '  aaab---------|',
      runs: '---a--(ba)---|',
    },
    { why: 'an idle key runs again', wakes: '                              a-----a------|', runs: '---a-----a---|' },
    { why: 'the end waits for work in progress', wakes: '                a|', runs: '---(a|)' },
  ])('$why', ({ wakes, runs }) => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot(wakes).pipe(coalesceByKey(work))).toBe(runs);
    });
  });

  it('with a limit the others wait in the order in which they were woken', () => {
    marbles(({ hot, expectObservable }) => {
      expectObservable(hot('(abc)|').pipe(coalesceByKey(work, 1))).toBe('---a--b--(c|)');
    });
  });

  it('ten thousand keys whose work ends at once do not nest ten thousand calls', () => {
    const keys$ = new Subject<number>();
    let runs = 0;
    keys$.pipe(coalesceByKey(() => of(runs++), 1)).subscribe();
    for (let key = 0; key < 10_000; key++) keys$.next(key);
    expect(runs).toBe(10_000);
  });

  it('never two runs of a key at once, and the last wake-up of every key is followed by a run', () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.oneof(
            fc.record({ wake: fc.constantFrom('a', 'b', 'c') }),
            fc.record({ end: fc.constantFrom('a', 'b', 'c') }),
          ),
          { maxLength: 60 },
        ),
        fc.integer({ min: 1, max: 3 }),
        (steps, limit) => {
          const keys$ = new Subject<string>();
          const running = new Map<string, Subject<never>>();
          const lastWake = new Map<string, number>();
          const lastRun = new Map<string, number>();
          let now = 0;
          keys$
            .pipe(
              coalesceByKey((key) => {
                expect(running.has(key)).toBe(false);
                expect(running.size).toBeLessThan(limit);
                const job = new Subject<never>();
                running.set(key, job);
                lastRun.set(key, now);
                return job;
              }, limit),
            )
            .subscribe();
          const end = (key: string): void => {
            const job = running.get(key);
            running.delete(key);
            job?.complete();
          };
          for (const step of steps) {
            now += 1;
            if ('wake' in step) {
              lastWake.set(step.wake, now);
              keys$.next(step.wake);
            } else end(step.end);
          }
          while (running.size > 0) {
            now += 1;
            for (const key of Array.from(running.keys())) end(key);
          }
          for (const [key, at] of lastWake) expect(lastRun.get(key)).toBeGreaterThanOrEqual(at);
        },
      ),
    );
  });
});
