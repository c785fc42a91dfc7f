import fc from 'fast-check';
import { merge } from 'rxjs';
import { map, mergeMap } from 'rxjs/operators';
import { expect, it } from 'vitest';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Changed } from '../contract.ts';
import { calls, defineActor, publish, watch } from '../declare.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { replay } from '../replay.ts';
import { TestWorld } from '../testing/test-world.ts';
import { MemoryHistory } from '../view/memory-history.ts';
import { PendingChanges } from './pending-changes.ts';

/* Goal: who says what concerns it is told of that alone, its view has everything, and a replay tells it the same. */

const pod = (name: string, mark: number): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { mark: String(mark) } },
});
const markOf = (object: Pod | undefined): string => object?.metadata?.labels?.['mark'] ?? '-';

const evenEnds = ({ before, after }: Changed<Pod>): boolean => Number(markOf(after ?? before)) % 2 === 0;

/** Tells what it is told of pods: of those with an even mark, or of all; and of nodes while it is told to. */
const listener = (picky: boolean) =>
  defineActor({
    name: 'listener',
    hears: {
      pods: picky ? watch('pods', { concerns: evenEnds }) : watch('pods'),
      nodes: picky ? watch('nodes', { whileAny: 'on.' }) : watch('nodes'),
      switched: calls(SUBJECTS.apply),
    },
    says: { told: publish(SUBJECTS.outcome) },
    behave: (inputs, world) => {
      const isOn = world.cell<boolean>('on.nodes', false);
      const tell = (what: string) => world.say.told({ caller: 'me' }, what as never);
      const known = (): string => world.view.list('pods').map(markOf).join();
      return merge(
        inputs.pods.pipe(
          map((changes) => changes.filter((change) => evenEnds(change))),
          mergeMap((changes) =>
            changes.map(({ name, before, after }) => tell(`${name} ${markOf(before)} ${markOf(after)} of ${known()}`)),
          ),
        ),
        inputs.nodes.pipe(mergeMap((changes) => (isOn.get() ? changes.map(({ name }) => tell(`node ${name}`)) : []))),
        inputs.switched.pipe(
          map(() => {
            if (isOn.get()) isOn.drop();
            else isOn.set(true);
            return tell(`on ${isOn.get()}`);
          }),
        ),
      );
    },
  });

type Step =
  | { readonly do: 'put' | 'remove'; readonly name: string; readonly mark: number }
  | { readonly do: 'node' | 'switch' | 'settle' };
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constantFrom('put' as const, 'put' as const, 'remove' as const),
    name: fc.constantFrom('a', 'b'),
    mark: fc.nat(3),
  }),
  fc.record({ do: fc.constantFrom('node' as const, 'switch' as const, 'settle' as const) }),
);

function played(steps: readonly Step[], picky: boolean): TestWorld {
  const world = new TestWorld(listener(picky)).start();
  for (const each of steps) {
    if (each.do === 'put') world.put('pods', pod(each.name, each.mark));
    else if (each.do === 'remove') world.remove('pods', 'default', each.name);
    else if (each.do === 'node')
      world.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as never);
    else if (each.do === 'switch') world.call(SUBJECTS.apply, { caller: 'me', namespace: '' }, {});
    else world.settle();
  }
  return world.settle();
}
const replayed = (world: TestWorld, about: Partial<Incarnation> = {}) => {
  const { incarnation, turns, writes } = world.recording();
  return replay(listener(true), { ...incarnation, ...about }, turns, new MemoryHistory(writes));
};

it('is told of what concerns it, and sees the rest', () => {
  const world = new TestWorld(listener(true)).start();
  const turns = () => world.turns.length;
  const before = turns();
  world.put('pods', pod('a', 1));
  world.settle();
  expect(turns()).toBe(before);
  world.put('pods', pod('b', 2));
  world.settle();
  expect(world.said('told').map(({ body }) => body)).toEqual(['b - 2 of 1,2']);
  world.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'n' } } as never);
  world.settle();
  expect(turns()).toBe(before + 1);
});

it('plays back identically, whatever came when', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
      const world = played(steps, true);
      expect(replayed(world)).toEqual({ turns: world.turns.length, skipped: 0, skips: [] });
    }),
    { numRuns: 100 },
  );
});

it('says so when today it would be told of something else', () => {
  const both = [
    { do: 'put', name: 'a', mark: 1 },
    { do: 'put', name: 'b', mark: 2 },
  ] as const;
  const { divergence } = replayed(played(both, false));
  expect(divergence?.what).toBe(
    "it is woken by other changes: recorded pods.default.a, pods.default.b; today, by the history, pods.default.b; the actor's declaration has changed, or the history has",
  );
});

it('that today it sleeps through what moved nothing then is no difference', () => {
  const world = played([{ do: 'put', name: 'a', mark: 1 }], false);
  expect(replayed(world)).toEqual({ turns: world.turns.length, skipped: 0, skips: [] });
});

it('what cannot be judged is told, and fails that actor alone', () => {
  const picky = watch('pods', {
    concerns: () => {
      throw new Error('no judgement');
    },
  });
  const pending = new PendingChanges({ pods: picky }, () => false);
  expect(pending.note({ key: 'pods.default.a', after: pod('a', 1) })).toBe(true);
});

it('a start tells of every object that concerns it', () => {
  const pending = new PendingChanges(listener(true).hears, () => false);
  const world = played([{ do: 'put', name: 'a', mark: 1 }, { do: 'put', name: 'b', mark: 2 }, { do: 'node' }], true);
  expect(pending.noteAll(world.cache)).toBe(true);
  expect(pending.take().keys).toEqual(['pods.default.b']);
});
