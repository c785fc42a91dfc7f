import { map } from 'rxjs';
import { expect, it } from 'vitest';
import { replicaSetController } from '../../../actors/controllers/replica-set/replica-set.ts';
import { calls, defineActor, publish } from '../../../actors/kernel/declare.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import type { Pod, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { nodeNamed, RecordingWorld } from '../../bench/make-recording.ts';
import type { Playable } from '../read/playable.ts';
import { compareRecordings } from './compare-recordings.ts';

interface Run {
  /** Of the ReplicaSet; the names of its pods follow from it. */
  readonly uid: string;
  readonly replicas?: number;
  readonly image?: string;
  readonly hash?: string;
}
const HERE = 'f5da73ef-edfb-4dd8-a524-87b37764c4e3';
const THERE = '0b1e5a52-7d0c-4c6c-9d3a-2f3f2b7a9c11';

/** A ReplicaSet of a Deployment `web` in a cluster of its own: what its controller says until all pods are there. */
function replicaSetRun({ uid, replicas = 4, image = 'nginx:1', hash = '6b549577f8' }: Run): Playable {
  const recording = new RecordingWorld(replicaSetController);
  const { world } = recording;
  const labels = { app: 'web', 'pod-template-hash': hash };
  const set: ReplicaSet = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name: `web-${hash}`,
      namespace: 'default',
      uid,
      generation: 1,
      labels,
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid, controller: true }],
    },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
    },
  };
  recording.put('replicasets', set);
  world.start();
  world.settle();
  for (let heard = world.said(); heard.length > 0; heard = world.said())
    for (const one of heard) {
      if (one.say === 'create') recording.put('pods', one.body as Pod);
      if (one.say !== 'event') world.answer(one, {});
    }
  return recording.playable();
}

const brief = (first: Playable, second: Playable) =>
  atOnce(compareRecordings(first, second)).changes.map(
    ({ say, was, is, diff }) =>
      `${say} ${was === undefined ? '+' : is === undefined ? '-' : (diff ?? []).map(({ path, was: a, is: b }) => `${path}: ${String(a)} -> ${String(b)}`).join(', ')}`,
  );

it('two runs of the same are the same, whatever names their pods were given', () => {
  const [here, there] = [replicaSetRun({ uid: HERE }), replicaSetRun({ uid: THERE })];
  const comparison = atOnce(compareRecordings(here, there));
  expect(comparison.changes).toEqual([]);
  expect(comparison.tallies).toContainEqual({ say: 'create', of: 4, changed: 0 });
  const names = ({ turns }: Playable) => turns.flatMap(({ said }) => said.map(({ subject }) => subject));
  expect(names(here)).not.toEqual(names(there));
});

it('one replica more is one pod more', () => {
  const found = brief(replicaSetRun({ uid: HERE }), replicaSetRun({ uid: THERE, replicas: 5 }));
  expect(found.filter((change) => !change.startsWith('status'))).toEqual(['create +', 'event +']);
});

it('another image is another image, although the names of the set and its pods follow from it', () => {
  const other = replicaSetRun({ uid: THERE, image: 'nginx:2', hash: '9c8bc5d8f' });
  const found = brief(replicaSetRun({ uid: HERE }), other).filter((change) => !change.startsWith('status'));
  expect(found).toEqual(Array.from({ length: 4 }, () => 'create spec.containers[0].image: nginx:1 -> nginx:2'));
});

/** A scheduler is told of pods one after the other. */
function schedulerRun(names: readonly string[], uid: string, cordoned?: string, nodes = ['a', 'b']): Playable {
  const recording = new RecordingWorld(scheduler);
  const { world } = recording;
  for (const name of nodes) {
    const node = nodeNamed(name);
    recording.put('nodes', name === cordoned ? { ...node, spec: { unschedulable: true } } : node);
  }
  world.start();
  for (const name of names) {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'web-6b549577f8', uid, controller: true };
    const pod: Pod = {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: `web-6b549577f8-${name}`, namespace: 'default', uid: `${name}-uid`, ownerReferences: [owner] },
      spec: { containers: [{ name: 'main', image: 'nginx:1', resources: { requests: { cpu: '1' } } }] },
    };
    recording.put('pods', pod);
    world.settle();
    for (const heard of world.said('bind')) {
      const { target } = heard.body as { target: { name: string } };
      recording.put('pods', { ...pod, spec: { containers: [], ...pod.spec, nodeName: target.name } } as Pod);
      world.answer(heard, {});
    }
    world.settle();
  }
  return recording.playable();
}

it('placements are compared pod by pod, in the order in which they were placed', () => {
  const here = schedulerRun(['z55m8', 'gwpvt', 'qjgjr'], HERE);
  const there = schedulerRun(['5zdvc', 'd6j2x', 'qglzr'], THERE);
  expect(atOnce(compareRecordings(here, there))).toMatchObject({ changed: 0 });
  const cordoned = atOnce(compareRecordings(here, schedulerRun(['5zdvc', 'd6j2x', 'qglzr'], THERE, 'b')));
  const placements = cordoned.changes.filter(({ say }) => say === 'bind');
  expect(placements.map(({ diff }) => diff)).toEqual([[{ path: 'target.name', was: 'b', is: 'a' }]]);
});

it('on nodes that are called otherwise, each goes with one of the other, which is told', () => {
  const [names, others] = [
    ['z55m8', 'gwpvt', 'qjgjr'],
    ['5zdvc', 'd6j2x', 'qglzr'],
  ];
  const here = schedulerRun(names, HERE, 'b');
  expect(atOnce(compareRecordings(here, schedulerRun(others, THERE, 'vm-2', ['vm-1', 'vm-2'])))).toMatchObject({
    changed: 0,
    nodes: [
      { was: 'a', is: 'vm-1', as: 'node-#1' },
      { was: 'b', is: 'vm-2', as: 'node-#2' },
    ],
  });
  const cordoned = atOnce(compareRecordings(here, schedulerRun(others, THERE, 'vm-1', ['vm-1', 'vm-2'])));
  const placements = cordoned.changes.filter(({ say }) => say === 'bind').map(({ diff }) => diff);
  expect(placements).toEqual(names.map(() => [{ path: 'target.name', was: 'node-#1', is: 'node-#2' }]));
  expect(atOnce(compareRecordings(here, here)).nodes).toBeUndefined();
});

it('what is published again with nothing new counts once', () => {
  const beating = defineActor({
    name: 'beating',
    hears: { ticks: calls(SUBJECTS.heartbeat) },
    says: { heartbeat: publish(SUBJECTS.heartbeat, { node: 'a' }) },
    behave: ({ ticks }, world) =>
      ticks.pipe(map(() => world.say.heartbeat({}, { node: 'a', sentAt: world.now(), runtimeReady: true, pods: 1 }))),
  });
  const run = (beats: number): Playable => {
    const recording = new RecordingWorld(beating);
    recording.world.start();
    recording.world.settle();
    for (let beat = 0; beat < beats; beat++) {
      recording.world.call(SUBJECTS.heartbeat, { node: 'b' }, {});
      recording.world.advance(1_000);
    }
    return recording.playable();
  };
  expect(atOnce(compareRecordings(run(2), run(5)))).toMatchObject({
    changed: 0,
    tallies: [{ say: 'heartbeat', of: 1 }],
  });
});
