import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { countUpTo, EventKeyPages } from './event-key-pages.ts';

describe('keys of events', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('are asked for once by who pages through them, and anew by who begins or is slow', async () => {
    let asked = 0;
    const lists = new EventKeyPages(async () => ({ keys: ['a', 'b', `c${++asked}`], revision: asked }));
    expect(await lists.after('p', undefined)).toEqual({ keys: ['a', 'b', 'c1'], revision: 1 });
    expect(await lists.after('p', 'a')).toEqual({ keys: ['b', 'c1'], revision: 1 });
    expect(await lists.after('q', 'a')).toEqual({ keys: ['b', 'c2'], revision: 2 });
    expect(await lists.after('p', undefined)).toEqual({ keys: ['a', 'b', 'c3'], revision: 3 });
    vi.advanceTimersByTime(9_999);
    expect(await lists.after('p', 'b')).toEqual({ keys: ['c3'], revision: 3 });
    vi.advanceTimersByTime(1);
    expect(await lists.after('p', 'b')).toEqual({ keys: ['c4'], revision: 4 });
  });

  it('are counted up to one that need not be among them', () => {
    fc.assert(
      fc.property(fc.array(fc.string({ maxLength: 2 })), fc.string({ maxLength: 2 }), (some, last) => {
        const keys = some.toSorted();
        expect(countUpTo(keys, last)).toBe(keys.filter((key) => key <= last).length);
      }),
    );
  });
});
