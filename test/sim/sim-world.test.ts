import { expect, it } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SimWorld } from './sim-world.ts';
import { broken, unsettled } from './soundness.ts';
import { Story } from './story.ts';

const set = {
  metadata: { name: 'web' },
  spec: {
    replicas: 5,
    selector: { matchLabels: { app: 'web' } },
    template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'main', image: 'web:1' }] } },
  },
};
const phases = (world: SimWorld) => world.all<Pod>('pods').map(({ status }) => status?.phase);

function lifeOf(seed: number): readonly string[] {
  const world = new SimWorld(seed, { loses: 0.02, repeats: 0.05 });
  world.do('create', 'replicasets', 'default', 'web', set);
  world.until(() => phases(world).filter((phase) => phase === 'Running').length === 5, 3_600);
  return world.all<Pod>('pods').map(({ metadata, spec }) => {
    const { name = '', uid = '', resourceVersion = '' } = metadata ?? {};
    return `${name} ${uid} ${resourceVersion} ${spec?.nodeName}`;
  });
}

it('the same seed plays the same, another one not', () => {
  expect(lifeOf(1)).toEqual(lifeOf(1));
  expect(lifeOf(2)).not.toEqual(lifeOf(1));
});

it('a message that is lost is missed by whoever waits for an answer when its time is over', () => {
  const world = new SimWorld(1);
  world.faults = { loses: 1, repeats: 0 };
  world.pass(15_000);
  expect(world.reports().filter((report) => report.includes('dispatch: no answer on troupe.dispatch.'))).not.toEqual(
    [],
  );
});

it('the pods of a node that is cut off are evicted, and what ran there is gone once it is back', () => {
  const world = new SimWorld(1);
  world.do('create', 'replicasets', 'default', 'web', set);
  world.until(() => phases(world).length === 5 && unsettled(world).length === 0);
  const node = world.nodes.find(({ runtime }) => runtime.running().length > 0);
  if (node === undefined) throw new Error('nothing runs');
  const { length } = node.runtime.containers;
  world.cutOff(node);
  world.pass(420_000);
  expect(node.runtime.running()).toHaveLength(length);
  expect(unsettled(world)).not.toEqual([]);
  world.reconnect(node);
  world.until(() => unsettled(world).length === 0);
  expect(new Set(world.created('pods')).size).toBe(5 + length);
});

it('clocks that are set again and again evict nobody, and a set is complete though its pods have to be ready for a while', () => {
  const world = new SimWorld(1);
  const patient = { ...set, spec: { ...set.spec, minReadySeconds: 10 } };
  world.do('create', 'replicasets', 'default', 'web', patient);
  for (let times = 0; times < 30; times++) {
    world.setAClock();
    world.pass(10_000);
  }
  world.until(() => phases(world).length === 5 && unsettled(world).length === 0);
  expect(world.created('pods')).toHaveLength(5);
  expect([...world.eventReasons]).not.toEqual(expect.arrayContaining(['NodeNotReady']));
  expect(world.diverged()).toEqual([]);
});

it.each([1, 2, 3])(
  'what changes together reaches its nodes at once, not with the next look at digests (seed %i)',
  (seed) => {
    const world = new SimWorld(seed);
    world.do('create', 'replicasets', 'default', 'web', set);
    world.until(() => phases(world).length === 5 && unsettled(world).length === 0);
    const before = new Set(world.all<Pod>('pods').map(({ metadata }) => metadata?.uid));
    world.do('patch', 'replicasets', 'default', 'web', { spec: { replicas: 0 } });
    const left = () =>
      world.nodes.flatMap(({ runtime }) => runtime.containers.filter(({ pod }) => before.has(pod.uid)));
    world.until(() => left().length === 0, 20);
  },
);

/* That it is seen when something is wrong. */

function storyWithPods(): Story {
  const story = new Story(1);
  story.world.do('create', 'replicasets', 'default', 'web', set);
  story.world.until(() => phases(story.world).length === 5 && unsettled(story.world).length === 0);
  return story;
}

it('a container that runs on two nodes is seen', () => {
  const { world, ...story } = storyWithPods();
  const [from, to] = world.nodes;
  const [container] = from?.runtime.containers ?? [];
  if (container === undefined || to === undefined) throw new Error('nothing runs');
  const { id: containerId } = to.runtime.do('createContainer', container as never) as { readonly id?: string };
  to.runtime.do('startContainer', { containerId: containerId ?? container.id } as never);
  const what = `${container.pod.uid}/main`;
  expect(broken({ ...story, world } as Story)).toEqual([`${what}/0 was started twice`, `${what} runs twice`]);
  expect(unsettled(world)).toEqual([`${to.name} has ${container.id} of no pod`]);
});

it('a pod that was acknowledged and is gone is seen, and one that was started once more than it may', () => {
  const story = storyWithPods();
  const [pod] = story.world.all<Pod>('pods');
  const uid = pod?.metadata?.uid ?? '';
  story.expected.begin('pods', 'other')({ metadata: { name: 'other', uid: 'u' } });
  story.onceAlone.add(uid);
  const node = story.world.nodes.find(({ name }) => name === pod?.spec?.nodeName);
  node?.runtime.started.push(`${uid}/main/1`);
  expect(broken(story)).toEqual([
    `${uid}/main is never to be restarted, and was`,
    'pods/other (u) was acknowledged, and is gone',
  ]);
});

it('a pod that was held and is gone is seen', () => {
  const story = storyWithPods();
  story.held.begin('pods', 'other')({ metadata: { name: 'other', uid: 'u' } });
  expect(broken(story)).toEqual(['pods/other (u) was held, and is gone']);
});

it('a container that ended, of which nobody knows, is seen', () => {
  const { world } = storyWithPods();
  const node = world.nodes.find(({ runtime }) => runtime.running().length > 0);
  const [container] = node?.runtime.containers ?? [];
  node?.runtime.exit(container?.id ?? '', 0);
  expect(unsettled(world)).toEqual([
    expect.stringMatching(/^pod web-\w+ \(Running on node-\d\) has 0 containers that run/),
  ]);
});

it.each([
  { restartPolicy: 'Never', exitCode: 1 },
  { restartPolicy: 'OnFailure', exitCode: 0 },
])('a pod ($restartPolicy) of which one container has ended ($exitCode), and another runs, wants nothing', (one) => {
  const world = new SimWorld(1);
  const { restartPolicy, exitCode } = one;
  const containers = ['main', 'side'].map((name) => ({ name, image: 'web:1' }));
  world.do('create', 'pods', 'default', 'two', { metadata: { name: 'two' }, spec: { restartPolicy, containers } });
  world.until(() => phases(world)[0] === 'Running' && unsettled(world).length === 0);
  const node = world.nodes.find(({ runtime }) => runtime.running().length > 0) ?? world.nodes[0];
  if (node === undefined) throw new Error('there is no node');
  world.exit(node, node.runtime.containers[0]?.id ?? '', exitCode);
  expect(unsettled(world)).not.toEqual([]);
  world.until(() => unsettled(world).length === 0);
});
