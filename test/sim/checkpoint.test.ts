import { expect, it } from 'vitest';
import { controllers } from '../../actors/controllers/registry.ts';
import type { KubeObject, Namespace, Node, Pod } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import { SimWorld } from './sim-world.ts';

/*
 * Goal: a checkpoint, at which an actor starts anew from its cells, changes nothing that can be seen: no object, and so no
 * resourceVersion and no lastTransitionTime; no event; and it makes the actor send no request that writes.
 * Method: a simulated cluster with pods in many states comes to rest. One actor takes a checkpoint, and time goes on.
 */

const SECOND = 1_000;
/** Long enough for everything to have happened, and not so long that a failed pull is due again. */
const SETTLED_MS = 90 * SECOND;
/** After the checkpoint. Every actor has been idle and woken again; the Node's status is not due, nor a pull. */
const WATCHED_MS = 30 * SECOND;
/** Long enough for a node that is cut off to be not ready, and for its pods to be evicted. */
const EVICTED_MS = 420 * SECOND;

const CUT_OFF = 'node-0';

const container = (more: object = {}): object => ({ name: 'main', image: 'web:1', ...more });
const HELD = { finalizers: ['a.example/hold'] };
const COLOUR = { name: 'COLOUR', valueFrom: { configMapKeyRef: { name: 'missing', key: 'colour' } } };

const PODS: Readonly<Record<string, Pod>> = {
  'has-a-sidecar': podOf({
    initContainers: [container({ name: 'side', restartPolicy: 'Always' })],
    containers: [container()],
  }),
  'fits-nowhere': podOf({ containers: [container({ resources: { requests: { cpu: '64' } } })] }),
  'lacks-its-configuration': podOf({ containers: [container({ env: [COLOUR] })] }),
  'has-no-image': podOf({ containers: [container({ image: 'bad' })] }),
  'has-ended': podOf({ restartPolicy: 'Never', containers: [container()] }),
  'is-held': podOf({ containers: [container()] }, HELD),
};
const RUNNING = 6;

function podOf(spec: object, metadata: object = {}): Pod {
  return { metadata, spec: spec as NonNullable<Pod['spec']> };
}

const deploymentOf = (name: string): object => ({
  metadata: { name },
  spec: {
    replicas: 3,
    selector: { matchLabels: { app: name } },
    template: { metadata: { labels: { app: name } }, spec: { containers: [container()] } },
  },
});

function settledWorld(): SimWorld {
  const world = new SimWorld(1);
  world.takesCheckpoints = false;
  for (const [name, { metadata, spec }] of Object.entries(PODS))
    world.do('create', 'pods', 'default', name, { metadata: { ...metadata, name }, spec });
  world.do('create', 'deployments', 'default', 'web', deploymentOf('web'));
  world.do('create', 'namespaces', '', 'shop', { metadata: { name: 'shop' } });
  world.do('create', 'configmaps', 'shop', 'list', { metadata: { name: 'list', ...HELD } });
  world.until(() => world.all<Pod>('pods').filter(({ status }) => status?.phase === 'Running').length === RUNNING);
  for (const node of world.nodes)
    for (const { id, pod } of node.runtime.containers) if (pod.name === 'has-ended') world.exit(node, id, 0);
  world.do('delete', 'pods', 'default', 'is-held', {});
  world.do('delete', 'namespaces', '', 'shop', {});
  world.pass(SETTLED_MS);
  world.rest();
  return world;
}

function worldWithoutANode(): SimWorld {
  const world = settledWorld();
  const node = world.nodes.find(({ name }) => name === CUT_OFF);
  if (node === undefined || node.runtime.running().length === 0) throw new Error(`nothing runs on ${CUT_OFF}`);
  world.cutOff(node);
  world.pass(EVICTED_MS);
  world.rest();
  return world;
}

/** What can be seen: objects, the number of events, and write requests. */
interface Seen {
  readonly objects: Readonly<Record<string, readonly KubeObject[]>>;
  readonly events: number;
  readonly requests: readonly string[];
}

const RESOURCES = ['nodes', 'pods', 'deployments', 'replicasets', 'namespaces', 'configmaps'];
const isWrite = (subject: string): boolean => !['get', 'list', 'watch'].includes(subject.split('.')[3] ?? '');

/** @param actor which one takes a checkpoint; none where absent */
function watched(world: SimWorld, actor?: string): { readonly before: Seen['objects']; readonly after: Seen } {
  const objects = () => Object.fromEntries(RESOURCES.map((resource) => [resource, world.all(resource)]));
  const requests: string[] = [];
  world.onRequest = (subject) => {
    if (isWrite(subject)) requests.push(subject);
  };
  const before = objects();
  const { events } = world;
  if (actor !== undefined) world.checkpoint(actor);
  world.pass(WATCHED_MS);
  world.rest();
  return { before, after: { objects: objects(), events: world.events - events, requests } };
}

const ACTORS = [
  ...['scheduler', 'dispatcher', ...controllers.map(({ name }) => name)],
  ...['api-0', 'api-1', 'node-0', 'node-1', 'node-2'],
];
const WORLDS = [
  { name: 'pods in many states', make: settledWorld, nodes: 3, actors: ACTORS },
  // A kubelet that is cut off always waits for an answer, and takes no checkpoint.
  {
    name: 'a node that is cut off',
    make: worldWithoutANode,
    nodes: 2,
    actors: ACTORS.filter((actor) => actor !== CUT_OFF),
  },
];
const AT_REST = { events: 0, requests: [] };

it('names every actor', () => {
  expect(ACTORS.toSorted()).toEqual([...new Set(new SimWorld(1).actors)].sort());
});

it.each(WORLDS)('a cluster with $name is at rest, in the states that the test is about', ({ make, nodes }) => {
  const { before, after } = watched(make());
  expect(after).toEqual({ ...AT_REST, objects: before });
  const pods = new Map((before['pods'] as Pod[]).map((pod) => [pod.metadata?.name, pod] as const));
  expect(pods.get('has-ended')?.status?.phase).toBe('Succeeded');
  expect(pods.get('is-held')?.metadata?.deletionGracePeriodSeconds).toBe(0);
  expect((before['namespaces'] as Namespace[]).map(({ status }) => status?.phase)).toContain('Terminating');
  expect((before['nodes'] as Node[]).filter(({ status }) => isTrue(status, 'Ready'))).toHaveLength(nodes);
});

it.each(WORLDS.flatMap(({ actors, ...world }) => actors.map((actor) => ({ ...world, actor }))))(
  'a checkpoint of $actor changes nothing that can be seen, in a cluster with $name',
  ({ make, actor }) => {
    const { before, after } = watched(make(), actor);
    expect(after).toEqual({ ...AT_REST, objects: before });
  },
);
