import { map, mergeMap, of, Subject, takeUntil, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, it } from 'vitest';
import { keyTurns } from './key-turns.ts';

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected));

it('runs one piece of work a key at a time, in order; other keys are not held up', () => {
  scheduler().run(({ cold, hot, expectObservable }) => {
    const turns = keyTurns();
    const asked = hot('     aab---a|');
    const expected = '     ---a-b-A---A|';
    const told = asked.pipe(
      mergeMap((key) => turns(key, (waited) => cold('---x|').pipe(map(() => (waited ? key.toUpperCase() : key))))),
    );
    expectObservable(told).toBe(expected);
  });
});

it('gives the turn on when work fails, ends at once, or is no longer wanted', () => {
  const turns = keyTurns();
  const first = new Subject<string>();
  const left = new Subject<void>();
  const heard: string[] = [];
  const note = (name: string) => ({
    next: (waited: string) => void heard.push(`${name} ${waited}`),
    error: () => void heard.push(`${name} failed`),
  });
  turns('k', () => first).subscribe(note('first'));
  turns('k', () => throwError(() => new Error('refused'))).subscribe(note('second'));
  turns('k', (waited) => of(String(waited)))
    .pipe(takeUntil(left))
    .subscribe(note('third'));
  turns('k', (waited) => of(String(waited))).subscribe(note('fourth'));
  left.next();
  expect(heard).toEqual([]);
  first.complete();
  expect(heard).toEqual(['second failed', 'fourth true']);
  turns('k', (waited) => of(String(waited))).subscribe(note('fifth'));
  expect(heard.at(-1)).toBe('fifth false');
});
