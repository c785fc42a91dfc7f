import { expect, it } from 'vitest';
import { statusError } from '../../contracts/errors/status.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Change, View } from './contract.ts';
import { defineController } from './controller.ts';
import { api, publish, watch } from './declare.ts';
import { testWorld } from './test-world.ts';

const pod = (name: string, app: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', labels: { app } },
});
/** Wants every app to have two pods; looks again after a minute. */
const twins = defineController({
  name: 'twins',
  hears: { pods: watch('pods') },
  wakes: { pods: (pod) => pod.metadata?.labels?.['app'] },
  says: { create: api('create', 'pods'), tell: publish(SUBJECTS.outcome) },
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
  plan: (app, { index, say }) => {
    const missing = Math.max(0, 2 - (index.byApp.get(app) ?? 0));
    return {
      say: Array.from({ length: missing }, (_, at) => say.create({ namespace: 'default', name: `${app}-${at}` }, {})),
      tell: [say.tell({ caller: app }, { missing })],
      ...(missing === 0 ? { againInMs: 60_000 } : {}),
    };
  },
});
function bump(counts: Map<string, number>, object: Pod | undefined, by: number): Map<string, number> {
  const app = object?.metadata?.labels?.['app'];
  if (app !== undefined) counts.set(app, (counts.get(app) ?? 0) + by);
  return counts;
}

it('wakes the keys of what an object was and is, asks one after the other, then tells', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.start();
  const [create] = world.said();
  expect(create).toMatchObject({ say: 'create', subject: 'troupe.api.twins.create.pods.default.red-0' });
  world.answer(create!, {});
  expect(world.said().map((heard) => heard.subject)).toEqual(['troupe.outcome.red']);
  world.put('pods', pod('x', 'blue'));
  world.settle();
  expect(world.said('create').map((heard) => heard.subject)).toEqual(
    ['red', 'blue'].map((app) => `troupe.api.twins.create.pods.default.${app}-0`),
  );
});

it('a refused key is planned again with backoff, one that can never succeed is reported and left', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.start();
  world.answer(world.said('create')[0]!, statusError('ServiceUnavailable', 'away').status);
  expect(world.reports.map(({ key }) => key)).toEqual(['red']);
  expect(world.said('create')).toEqual([]);
  world.advance(5);
  world.answer(world.said('create')[0]!, statusError('Conflict', 'raced').status);
  expect(world.reports).toHaveLength(1);
  world.advance(10);
  world.answer(world.said('create')[0]!, statusError('Forbidden', 'never').status);
  world.advance(3_600_000);
  expect(world.said('create')).toEqual([]);
  expect(world.reports).toHaveLength(2);
});

it('a crash forgets no key that was to be planned later', () => {
  const world = testWorld(twins);
  world.put('pods', pod('x', 'red'));
  world.put('pods', pod('y', 'red'));
  world.start();
  expect(world.said().map((heard) => heard.body)).toEqual([{ missing: 0 }]);
  world.advance(30_000).crash();
  world.advance(29_999);
  expect(world.said()).toEqual([]);
  world.advance(1);
  expect(world.said().map((heard) => heard.body)).toEqual([{ missing: 0 }]);
});
