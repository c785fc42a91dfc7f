import { map, merge, mergeMap, Observable, of, Subject, takeUntil, throwError } from 'rxjs';
import { TestScheduler } from 'rxjs/testing';
import { expect, it } from 'vitest';
import { writeQueues } from './write-queues.ts';

const scheduler = () => new TestScheduler((actual, expected) => expect(actual).toEqual(expected));

it('runs one piece of work a key at a time, in order; other keys are not held up', () => {
  scheduler().run(({ cold, hot, expectObservable }) => {
    const turns = writeQueues();
    const asked = hot('     aab---a|');
    const expected = '     ---a-b-A---A|';
    const told = asked.pipe(
      mergeMap((key) => turns(key, (waited) => cold('---x|').pipe(map(() => (waited ? key.toUpperCase() : key))))),
    );
    expectObservable(told).toBe(expected);
  });
});

it('gives the turn on when work fails, ends at once, or is no longer wanted', () => {
  const turns = writeQueues();
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

it('ten thousand that wait for a key, and whose work ends at once, do not nest ten thousand calls', () => {
  const turns = writeQueues();
  const first = new Subject<never>();
  const ended: number[] = [];
  turns('k', () => first).subscribe();
  for (let at = 0; at < 10_000; at++)
    turns('k', () => throwError(() => at)).subscribe({ error: (error: number) => ended.push(error) });
  first.complete();
  expect(ended).toEqual(ended.map((_, at) => at));
  expect(ended).toHaveLength(10_000);
});

it('lets nobody in while all are torn down', () => {
  const turns = writeQueues();
  let begun = 0;
  const work = () => turns('k', () => new Observable<never>(() => void (begun += 1)));
  merge(work(), work(), work()).subscribe().unsubscribe();
  expect(begun).toBe(1);
});

it('work that nobody awaits any more keeps its turn until it ends, and the next gets its own then', () => {
  const turns = writeQueues();
  const first = new Subject<string>();
  const heard: string[] = [];
  const running = turns('k', () => first).subscribe((told) => heard.push(told));
  turns('k', () => of('second')).subscribe((told) => heard.push(told));
  running.unsubscribe();
  expect(heard).toEqual([]);
  first.next('first');
  first.error(new Error('refused'));
  expect(heard).toEqual(['second']);
});

it('work that cannot begin gives the turn on', () => {
  const turns = writeQueues();
  const first = new Subject<never>();
  const heard: unknown[] = [];
  const broken = () =>
    turns('k', () => {
      throw new Error('broken');
    }).subscribe({ error: (error: Error) => heard.push(error.message) });
  broken();
  turns('k', () => first).subscribe();
  broken();
  turns('k', () => of('last')).subscribe((told) => heard.push(told));
  first.complete();
  expect(heard).toEqual(['broken', 'broken', 'last']);
});
