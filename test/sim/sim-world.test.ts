import { expect, it } from 'vitest';
import { replicaSetController } from '../../actors/controllers/replica-set/replica-set.ts';
import { testWorld } from '../../actors/kernel/testing/test-world.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { Bus, type Faults, NO_FAULTS } from './bus.ts';
import { Dice } from './dice.ts';
import { SimWorld } from './sim-world.ts';

const set = {
  metadata: { name: 'web' },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
  },
};

function lifeOf(seed: number): readonly string[] {
  const world = new SimWorld(seed, { loses: 0.05, repeats: 0.05 });
  world.do('create', 'replicasets', 'default', 'web', set);
  world.until(() => world.all<Pod>('pods').filter(({ status }) => status?.phase === 'Running').length === 5);
  return world.all<Pod>('pods').map(({ metadata, spec }) => {
    const { name = '', uid = '', resourceVersion = '' } = metadata ?? {};
    return `${name} ${uid} ${resourceVersion} ${spec?.nodeName}`;
  });
}

it('the same seed plays the same, another one not', () => {
  expect(lifeOf(1)).toEqual(lifeOf(1));
  expect(lifeOf(2)).not.toEqual(lifeOf(1));
});

/** A controller that wants one pod, and a bus that has taken its first request: for the status of its set. */
function asking(faults: Faults) {
  const asker = testWorld(replicaSetController);
  asker.put('replicasets', { ...set, metadata: { namespace: 'default', name: 'web', uid: 'u', generation: 1 } });
  const bus = new Bus(new Dice(1), faults);
  bus.collect(asker.start());
  return { asker, bus };
}
const serve = (bus: Bus): string[] => {
  const served: string[] = [];
  while (bus.hasRequests)
    bus.deliverRequest(({ subject }, answer) => {
      served.push(subject);
      answer({});
    });
  return served;
};

it('a message that is lost is missed by whoever waits for an answer when its time is over', () => {
  const { asker, bus } = asking({ ...NO_FAULTS, loses: 1 });
  expect(serve(bus)).toEqual([]);
  bus.expire();
  expect(asker.core.openAsks).toBe(1);
  bus.collect(asker.advance(10_000));
  bus.expire();
  expect(asker.core.openAsks).toBe(0);
});

it('a request that comes twice is served twice, and answered once', () => {
  const { asker, bus } = asking({ ...NO_FAULTS, repeats: 1 });
  expect(serve(bus)).toEqual(Array.from({ length: 2 }, () => expect.stringContaining('.update.replicasets=2Fstatus.')));
  bus.deliverAnswer();
  bus.deliverAnswer();
  expect(asker.turns.filter(({ rec }) => rec.t === 'answer')).toHaveLength(1);
});
