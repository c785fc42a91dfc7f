import { ignoreElements, mergeMap } from 'rxjs';
import { expect, it } from 'vitest';
import { defineActor, request, watch } from '../../../actors/kernel/declare.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { runtimeOp } from '../../../contracts/runtime/ops.ts';
import { podNamed, RecordingWorld } from '../../bench/make-recording.ts';
import { madeUpIn } from './made-up.ts';

const UID = '8933d84f-1de2-44ec-8457-2db95f775d7f';
const owner = (kind: string, name: string) => [{ apiVersion: 'apps/v1', kind, name, uid: UID, controller: true }];
const labels = { 'pod-template-hash': '6b549577f8' };

it.each<{ why: string; metadata: KubeObject['metadata']; names: Record<string, string> }>([
  {
    why: 'completed by an api-server',
    metadata: { name: 'job-x7k2p', generateName: 'job-' },
    names: { 'job-x7k2p': 'job-' },
  },
  {
    why: 'of a ReplicaSet',
    metadata: { name: 'web-6b549577f8', labels, ownerReferences: owner('Deployment', 'web') },
    names: { 'web-6b549577f8': 'web-' },
  },
  {
    why: 'of a pod, which tells of its set too',
    metadata: { name: 'web-6b549577f8-z55m8', labels, ownerReferences: owner('ReplicaSet', 'web-6b549577f8') },
    names: { 'web-6b549577f8': 'web-', 'web-6b549577f8-z55m8': 'web-6b549577f8-' },
  },
  {
    why: 'with a beginning that had to be cut',
    metadata: { name: `${'w'.repeat(58)}z55m8`, ownerReferences: owner('ReplicaSet', 'w'.repeat(60)) },
    names: { [`${'w'.repeat(58)}z55m8`]: 'w'.repeat(58) },
  },
  { why: 'chosen by its owner', metadata: { name: 'web-0', ownerReferences: owner('StatefulSet', 'web') }, names: {} },
  { why: 'chosen by a person', metadata: { name: 'web-z55m8' }, names: {} },
])('names: $why', ({ metadata, names }) => {
  const recording = new RecordingWorld(creating);
  recording.put('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { ...metadata, namespace: 'a' } } as KubeObject);
  recording.world.start();
  recording.world.settle();
  const made = atOnce(madeUpIn(recording.playable()));
  expect(Object.fromEntries([...made.names].map(([name, { begins }]) => [name, begins]))).toEqual(names);
});

const creating = defineActor({
  name: 'creating',
  hears: { pods: watch('pods') },
  says: { createContainer: request(runtimeOp('createContainer'), { node: 'a', op: 'createContainer' }) },
  behave: ({ pods }, world) =>
    pods.pipe(
      mergeMap(() =>
        world.ask(
          world.say.createContainer(
            {},
            {
              pod: { uid: UID, namespace: 'a', name: 'web' },
              sandboxId: '5a5a5a',
              name: 'main',
              attempt: 2,
              specHash: '',
              image: 'nginx:1',
              imageName: 'nginx:1',
            },
          ),
          { timeoutMs: 1_000 },
        ),
      ),
      ignoreElements(),
    ),
});

it('a container is known from what was asked and answered, uids from wherever they are called so', () => {
  const recording = new RecordingWorld(creating);
  const { world } = recording;
  recording.put('pods', { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web', namespace: 'a' } } as KubeObject);
  world.start();
  world.settle();
  for (const heard of world.said('createContainer')) world.answer(heard, { containerId: 'c0ffee' });
  const made = atOnce(madeUpIn(recording.playable()));
  expect([...made.ids]).toEqual([['c0ffee', { pod: 'web', name: 'main', attempt: 2 }]]);
  expect([...made.uids]).toEqual([UID]);
});

it('nodes: those of which objects, placements and heartbeats tell', () => {
  const recording = new RecordingWorld(creating);
  recording.put('nodes', { apiVersion: 'v1', kind: 'Node', metadata: { name: 'a' } });
  recording.put('pods', { ...podNamed('web'), spec: { containers: [], nodeName: 'b' } } as KubeObject);
  recording.world.start();
  recording.world.settle();
  const playable = recording.playable();
  expect([...atOnce(madeUpIn(playable)).nodes].sort()).toEqual(['a', 'b']);
  const said = (body: object) =>
    ({ kind: 'publish', say: 'x', subject: 'x', hash: '', size: 1, body: encodeMsgpack(body) }) as const;
  const bodies = [
    { kind: 'Binding', metadata: { name: 'web' }, target: { kind: 'Node', name: 'c' } },
    { node: 'd', sentAt: 1, runtimeReady: true, pods: 0 },
    { kind: 'ConfigMap', metadata: { name: 'x' }, data: { nodeName: 'e', node: 'f' } },
  ];
  const turns = playable.turns.map((turn) => ({ ...turn, said: bodies.map(said) }));
  expect([...atOnce(madeUpIn({ ...playable, turns })).nodes].sort()).toEqual(['a', 'b', 'c', 'd']);
});
