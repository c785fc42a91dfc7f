import { merge, Observable, Subject, throwError } from 'rxjs';
import { expect, it } from 'vitest';
import { ConcurrencyLimit } from './concurrency-limit.ts';

it('lets so many in at once, the others in their order, and nobody out twice', () => {
  const limit = new ConcurrencyLimit(2);
  const begun: string[] = [];
  const work = (name: string): { work: Observable<never>; end: Subject<never> } => {
    const end = new Subject<never>();
    const begins = new Observable<never>((out) => {
      begun.push(name);
      return end.subscribe(out);
    });
    return { work: limit.run(begins), end };
  };
  const [a, b, c, d, e] = ['a', 'b', 'c', 'd', 'e'].map(work);
  const running = [a, b, c, d, e].map((each) => each?.work.subscribe());
  expect(begun).toEqual(['a', 'b']);
  running[2]?.unsubscribe(); // gives up while it waits
  a?.end.complete();
  expect(begun).toEqual(['a', 'b', 'd']);
  running[1]?.unsubscribe(); // gives up while it works: leaves, and lets nobody in
  expect(begun).toEqual(['a', 'b', 'd']);
  d?.end.complete();
  expect(begun).toEqual(['a', 'b', 'd', 'e']);
});

it('lets nobody in while all are torn down', () => {
  const limit = new ConcurrencyLimit(1);
  let begun = 0;
  const all = merge(
    ...[1, 2, 3].map(() =>
      limit.run(
        new Observable<never>(() => {
          begun += 1;
        }),
      ),
    ),
  ).subscribe();
  all.unsubscribe();
  expect(begun).toBe(1);
});

it('goes on after an error that comes at once', () => {
  const limit = new ConcurrencyLimit(1);
  const errors: unknown[] = [];
  for (let at = 0; at < 3; at++) limit.run(throwError(() => at)).subscribe({ error: (error) => errors.push(error) });
  expect(errors).toEqual([0, 1, 2]);
});

it('ten thousand that wait, and whose work ends at once, do not nest ten thousand calls', () => {
  const limit = new ConcurrencyLimit(1);
  const first = new Subject<never>();
  let ended = 0;
  limit.run(first).subscribe();
  for (let at = 0; at < 10_000; at++) limit.run(throwError(() => at)).subscribe({ error: () => (ended += 1) });
  first.complete();
  expect(ended).toBe(10_000);
});
