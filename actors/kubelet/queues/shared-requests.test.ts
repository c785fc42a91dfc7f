import { Subject } from 'rxjs';
import { describe, expect, it } from 'vitest';
import { SharedRequests } from './shared-requests.ts';

describe('shared requests', () => {
  const asking = () => {
    const asks = new SharedRequests();
    const question = new Subject<string>();
    const heard: unknown[] = [];
    const ask = () =>
      asks.share('image', question).subscribe({ next: (answer) => heard.push(answer), error: () => undefined });
    return { asks, question, heard, ask };
  };

  it('are asked once, and answered to all', () => {
    const { asks, question, heard, ask } = asking();
    ask();
    ask();
    expect(asks.size).toBe(1);
    question.next('there');
    question.complete();
    expect(heard).toEqual(['there', 'there']);
  });

  it.each([
    { why: 'it is answered', end: ({ question }: ReturnType<typeof asking>) => question.complete() },
    { why: 'it is refused', end: ({ question }: ReturnType<typeof asking>) => question.error(new Error('no')) },
  ])('nothing stays of one once $why', ({ end }) => {
    const at = asking();
    at.ask();
    end(at);
    expect(at.asks.size).toBe(0);
  });

  it('nothing stays of one that all have given up, and not before', () => {
    const { asks, question, ask } = asking();
    const [first, second] = [ask(), ask()];
    first.unsubscribe();
    expect([asks.size, question.observed]).toEqual([1, true]);
    second.unsubscribe();
    expect([asks.size, question.observed]).toEqual([0, false]);
  });
});
