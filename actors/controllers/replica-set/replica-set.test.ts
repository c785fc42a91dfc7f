import { expect, it } from 'vitest';
import type { Pod, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { testWorld } from '../../kernel/testing/test-world.ts';
import { replicaSetController } from './replica-set.ts';

const labels = { app: 'web' };
const set: ReplicaSet = {
  metadata: { name: 'web', namespace: 'shop', uid: 'set-uid', generation: 1 },
  spec: {
    replicas: 1,
    selector: { matchLabels: labels },
    template: { metadata: { labels }, spec: { containers: [] } },
  },
};
const owned = (name: string, namespace: string): Pod => ({
  metadata: {
    name,
    namespace,
    uid: `${name}-uid`,
    labels,
    ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web', uid: 'set-uid', controller: true }],
  },
});

it('a pod of another namespace is nobody of ours, whatever owner it names', () => {
  const world = testWorld(replicaSetController);
  world.put('replicasets', set);
  world.put('pods', owned('a', 'elsewhere'));
  world.put('pods', owned('b', 'elsewhere'));
  world.start();
  world.settle();
  for (const heard of world.said('status')) world.answer(heard, {});
  world.settle();
  expect(world.said('delete')).toEqual([]);
  expect(world.said('create')).toHaveLength(1);
});
