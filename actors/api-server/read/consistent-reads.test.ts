import { defer, Subject } from 'rxjs';
import { expect, it } from 'vitest';
import { consistentReads } from './consistent-reads.ts';

function questions() {
  const asked: Subject<unknown>[] = [];
  const fresh = consistentReads(
    defer(() => {
      const answer = new Subject<unknown>();
      asked.push(answer);
      return answer;
    }),
  );
  fresh.run.subscribe();
  const log: string[] = [];
  const read = (name: string): void => {
    fresh
      .read(() => name)
      .subscribe({ next: (value) => log.push(value), error: (error: Error) => log.push(`${name} ${error.message}`) });
  };
  const answer = (at: number): void => {
    asked[at]?.next({});
    asked[at]?.complete();
  };
  return { asked, log, read, answer };
}

it('one question serves all that wait; who comes later waits for the next', () => {
  const { asked, log, read, answer } = questions();
  read('a');
  read('b');
  read('c');
  expect(asked).toHaveLength(1); // a's; b and c may know of writes that it does not see
  answer(0);
  expect(log).toEqual(['a']);
  expect(asked).toHaveLength(2);
  answer(1);
  expect(log).toEqual(['a', 'b', 'c']);
  expect(asked).toHaveLength(2);
  read('d');
  answer(2);
  expect(log).toEqual(['a', 'b', 'c', 'd']);
});

it('a failed question is told to those who waited for it, and the next goes on', () => {
  const { asked, log, read, answer } = questions();
  read('a');
  read('b');
  asked[0]?.error(new Error('gone'));
  expect(log).toEqual(['a gone']);
  answer(1);
  expect(log).toEqual(['a gone', 'b']);
});
