import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import type { Write } from '../../../actors/kernel/view/cache.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { RememberingHistory } from './remembering-history.ts';

const write = fc.record({ name: fc.constantFrom('a', 'b', 'c', 'd'), gone: fc.boolean() });
const historyOf = (written: readonly { name: string; gone: boolean }[]): MemoryHistory => {
  const writes = written.map(
    ({ name, gone }, at): Write => ({
      key: `pods.x.${name}`,
      revision: at + 1,
      object: gone ? undefined : ({ metadata: { name } } as KubeObject),
    }),
  );
  // The first half is known only as the state that it led to; what lies between is lost.
  const half = writes.length >> 1;
  const base = { revision: half, entries: [...new MemoryHistory(writes).stateAt(half)] };
  return new MemoryHistory(writes.slice(half), { bases: [base], holes: half === 0 ? [] : [{ first: 1, last: half }] });
};

it('tells the same as the history, in whatever order it is asked', () => {
  fc.assert(
    fc.property(
      fc.array(write, { minLength: 2, maxLength: 30 }),
      fc.array(fc.nat(30), { minLength: 1, maxLength: 80 }),
      (written, asked) => {
        const history = historyOf(written);
        const remembering = new RememberingHistory(history);
        for (const one of asked) {
          const revision = Math.max(written.length >> 1, one);
          const sorted = (entries: Iterable<{ key: string }>) => [...entries].sort((a, b) => (a.key < b.key ? -1 : 1));
          expect(sorted(remembering.stateAt(revision))).toEqual(sorted(history.stateAt(revision)));
        }
      },
    ),
  );
});
