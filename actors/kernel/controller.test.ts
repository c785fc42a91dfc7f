import { expect, it } from 'vitest';
import { type Status, statusError } from '../../contracts/errors/status.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Change, View } from './contract.ts';
import { defineController } from './controller.ts';
import { api, publish, watch } from './declare.ts';
import { type Heard, type TestWorld, testWorld } from './testing/test-world.ts';

const pod = (name: string, app: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app } },
});
/** Wants every app to have two pods, and says so when it has or can't; looks again after a minute. */
const twins = defineController({
  name: 'twins',
  hears: { pods: watch('pods') },
  wakes: { pods: (pod) => pod.metadata?.labels?.['app'] },
  says: { count: api('patch', 'namespaces'), create: api('create', 'pods'), tell: publish(SUBJECTS.outcome) },
  indexes: {
    byApp: {
      build: (view: View) => {
        const counts = new Map<string, number>();
        for (const pod of view.list('pods')) bump(counts, pod, 1);
        return counts;
      },
      step: (counts: Map<string, number>, change: Change) => {
        bump(counts, change.before, -1);
        return bump(counts, change.after, 1);
      },
    },
  },
  plan: (app, { index, say, refused }) => {
    const have = index.byApp.get(app) ?? 0;
    const missing = Array.from({ length: Math.max(0, 2 - have) }, (_, at) => `${app}-${at}`);
    return {
      inTurn: [say.count({ name: app }, { have, ...(refused === undefined ? {} : { refused }) })],
      together: missing.map((name) => ({
        ask: say.create({ namespace: 'default', name }, pod(name, app)),
        granted: [say.tell({ caller: name }, 'granted')],
        refused: ({ message }) => [say.tell({ caller: name }, message)],
      })),
      ...(missing.length === 0 ? { againInMs: 60_000 } : {}),
    };
  },
});
function bump(counts: Map<string, number>, object: Pod | undefined, by: number): Map<string, number> {
  const app = object?.metadata?.labels?.['app'];
  if (app !== undefined) counts.set(app, (counts.get(app) ?? 0) + by);
  return counts;
}

const subjects = (heard: readonly Heard[]) => heard.map(({ subject }) => subject.replace('troupe.api.twins.', ''));
/** Grants what is asked until nothing is. */
function grantAll(world: TestWorld): readonly Heard[] {
  const all: Heard[] = [];
  for (let heard = world.said(); heard.length > 0; heard = world.said()) {
    all.push(...heard);
    for (const said of heard) if (said.timeoutMs !== undefined) world.answer(said, {});
  }
  return all;
}

it('wakes the keys of what an object was and is, asks in turn and then together, and tells of each', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.start();
  const [count] = world.said();
  expect(count).toMatchObject({ say: 'count', subject: 'troupe.api.twins.patch.namespaces._.red', body: { have: 1 } });
  world.answer(count!, {});
  const [create] = world.said();
  expect(create).toMatchObject({ say: 'create', subject: 'troupe.api.twins.create.pods.default.red-0' });
  world.answer(create!, {});
  expect(subjects(world.said())).toEqual(['troupe.outcome.red-0']);
  world.put('pods', pod('x', 'blue'));
  world.settle();
  expect(subjects(world.said())).toEqual(['patch.namespaces._.red', 'patch.namespaces._.blue']);
});

it('does not plan a key from a view that lacks what its last run created, and looks again after a second', () => {
  const world = testWorld(twins).start();
  world.put('pods', pod('x', 'red')); // revision 1
  world.settle();
  world.answer(world.said()[0]!, {});
  world.answer(world.said()[0]!, { metadata: { resourceVersion: '3' } });
  world.said();
  world.put('pods', pod('x', 'red')); // revision 2
  world.settle();
  expect(world.said()).toEqual([]);
  world.put('pods', pod('red-0', 'red')); // revision 3
  world.settle();
  const [count] = world.said();
  expect(count).toMatchObject({ say: 'count', body: { have: 2 } });
  world.answer(count!, {});

  world.remove('pods', 'default', 'x'); // revision 4
  world.settle();
  world.answer(world.said()[0]!, {});
  world.answer(world.said()[0]!, { metadata: { resourceVersion: '7' } });
  world.said();
  world.put('pods', pod('red-0', 'red')); // revision 5
  world.settle();
  for (const revision of [6, 7]) expect(world.put('pods', pod('y', 'blue'))).toBe(revision); // the view reaches it
  expect(world.said()).toEqual([]);
  world.advance(1_000); // a created object that was deleted before the view showed it wakes no key
  expect(subjects(world.said())).toContain('patch.namespaces._.red');
});

it('a refusal ends the run and is told; the next one knows of it, sooner or later, and forgets it when all is granted', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.start();
  const attempt = (status: Status) => {
    const [count] = world.said();
    world.answer(count!, {});
    world.answer(world.said()[0]!, status);
    return count?.body;
  };
  expect(attempt(statusError('ServiceUnavailable', 'away').status)).toEqual({ have: 1 });
  expect(world.reports.map(({ key }) => key)).toEqual(['red']);
  expect(world.said().map(({ body }) => body)).toEqual(['away']);
  world.advance(5);
  expect(attempt(statusError('Conflict', 'raced').status)).toEqual({
    have: 1,
    refused: { say: 'create', message: 'away', retry: 'backoff' },
  });
  expect(world.reports).toHaveLength(1); // a lost race is no fault
  world.said();
  world.advance(10);
  attempt(statusError('Forbidden', 'over quota').status);
  expect(world.reports).toHaveLength(2);
  world.said();
  world.crash().advance(20);
  const last = grantAll(world);
  expect(last[0]?.body).toEqual({ have: 1, refused: { say: 'create', message: 'over quota', retry: 'never' } });
  world.put('pods', pod('x', 'red'));
  world.settle();
  expect(world.said()[0]?.body).toEqual({ have: 1 });
});

it('a crash forgets no key that was to be planned later', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.put('pods', pod('y', 'red'));
  world.start();
  expect(grantAll(world).map((heard) => heard.body)).toEqual([{ have: 2 }]);
  world.advance(30_000).crash();
  world.advance(29_999);
  expect(world.said()).toEqual([]);
  world.advance(1);
  expect(world.said().map((heard) => heard.body)).toEqual([{ have: 2 }]);
});
