import fc from 'fast-check';
import { expect, it } from 'vitest';
import { NetworkJoinLock } from './network-join-lock.ts';

it('never lets one leave while another joins or leaves, and serves everybody', async () => {
  const step = fc.record({ kind: fc.constantFrom('join', 'leave'), turns: fc.nat(4), fails: fc.boolean() });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 30 }), async (steps) => {
      const gate = new NetworkJoinLock();
      const inside = { join: 0, leave: 0 };
      let most = 0;
      const outcomes = steps.map(({ kind, turns, fails }) => {
        const work = async (): Promise<void> => {
          inside[kind] += 1;
          most = Math.max(most, inside.join);
          expect(inside.leave === 0 || (inside.leave === 1 && inside.join === 0)).toBe(true);
          for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
          inside[kind] -= 1;
          if (fails) throw new Error('deliberate');
        };
        return kind === 'join' ? gate.join(work) : gate.leave(work);
      });
      const settled = await Promise.allSettled(outcomes);
      expect(settled.map(({ status }) => status === 'rejected')).toEqual(steps.map(({ fails }) => fails));
    }),
  );
});

it('lets joins go together', async () => {
  const gate = new NetworkJoinLock();
  let inside = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++inside);
    await Promise.resolve();
    inside -= 1;
  };
  await Promise.all([gate.join(work), gate.join(work), gate.join(work)]);
  expect(most).toBe(3);
});
