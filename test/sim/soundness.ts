import type { ConfigMap, Deployment, KubeObject, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import type { Expected } from './expected.ts';
import { INIT, type SimNode } from './sim-node.ts';
import type { SimWorld } from './sim-world.ts';
import { COUNT, type Story } from './story.ts';

/** What must hold at any time. @returns what does not */
export function broken({ world, expected, held, onceAlone, restored, counted }: Story): readonly string[] {
  const started = world.nodes.flatMap(({ runtime }) => runtime.started);
  const running = world.nodes.flatMap(({ runtime }) =>
    runtime.containers.flatMap(({ pod, name, state }) =>
      state === 'running' && !restored.has(pod.uid) ? `${pod.uid}/${name}` : [],
    ),
  );
  const containers = started.map((one) => one.slice(0, one.lastIndexOf('/')));
  const kept = (resource: string, name: string) =>
    world.all(resource).find(({ metadata }) => metadata?.namespace === 'default' && metadata.name === name);
  const gone = ({ uids }: Expected): readonly string[] =>
    [...uids].flatMap(([what, uid]) => {
      const [resource = '', name = ''] = what.split('/');
      return kept(resource, name)?.metadata?.uid === uid ? [] : [`${what} (${uid})`];
    });
  const count = Number((kept('configmaps', COUNT) as ConfigMap | undefined)?.data?.['n']);
  return [
    ...(count >= counted.told && count <= counted.told + counted.untold + counted.underWay
      ? []
      : [`counted to ${count}: ${JSON.stringify(counted)}`]),
    ...repeated(started).map((what) => `${what} was started twice`),
    ...repeated(running).map((what) => `${what} runs twice`),
    ...repeated(containers)
      .filter((what) => onceAlone.has(what.slice(0, what.indexOf('/'))) && !what.endsWith(`/${INIT}`))
      .map((what) => `${what} is never to be restarted, and was`),
    ...world.nodes.flatMap(({ runtime }) =>
      runtime.containers.flatMap((container) => early(world, container, runtime.containers)),
    ),
    ...world.nodes.flatMap((node) => overbooked(world, node)),
    ...gone(expected).map((what) => `${what} was acknowledged, and is gone`),
    ...gone(held).map((what) => `${what} was held, and is gone`),
  ];
}

/** A container that runs though one of its pod that must end before has not. */
function early(
  world: SimWorld,
  { pod, name, state, sandboxId }: ContainerStatus,
  all: readonly ContainerStatus[],
): readonly string[] {
  const of = world.all<Pod>('pods').find(({ metadata }) => metadata?.uid === pod.uid);
  if (state !== 'running' || name === INIT || of?.spec?.initContainers === undefined) return [];
  return all.some((each) => each.sandboxId === sandboxId && each.name === INIT && each.exitCode === 0)
    ? []
    : [`${pod.uid}/${name} runs before ${INIT} has ended`];
}

/** What holds once nothing breaks any more and there was time, whatever is asked for: what is told and what runs agree. @returns what does not */
export function untrue(world: SimWorld): readonly string[] {
  return [
    ...world.nodes.flatMap((node) => strays(world, node)),
    ...world.all<ReplicaSet>('replicasets').flatMap((set) => {
      const active = world.all<Pod>('pods').filter((pod) => isActiveChild(pod, set)).length;
      const { replicas = 0 } = set.status ?? {};
      return replicas === active ? [] : [`set ${set.metadata?.name} tells of ${replicas} pods, and has ${active}`];
    }),
    ...world.all<Pod>('pods').flatMap((pod) => untruePod(world, pod)),
  ];
}

const isActiveChild = ({ metadata, status }: Pod, set: ReplicaSet): boolean =>
  metadata?.deletionTimestamp === undefined &&
  !isEnded(status) &&
  (metadata?.ownerReferences ?? []).some(({ uid, controller }) => controller === true && uid === set.metadata?.uid);

function untruePod(world: SimWorld, { metadata, spec, status }: Pod): readonly string[] {
  if (metadata?.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0)
    return [`pod ${metadata.name} is still there`];
  const { runtime } = world.nodes.find(({ name }) => name === spec?.nodeName) ?? {};
  return (status?.containerStatuses ?? []).flatMap(({ name, state, containerID }) => {
    const runs = runtime?.containers.find(
      (each) => each.pod.uid === metadata?.uid && each.name === name && each.state === 'running',
    );
    const told = state?.running === undefined ? undefined : containerID;
    const agree = runs === undefined ? told === undefined : told?.endsWith(`/${runs.id}`) === true;
    const { image } = spec?.containers.find((each) => each.name === name) ?? {};
    if (runs !== undefined && runs.image !== image) return [`pod ${metadata?.name} runs ${runs.image}, not ${image}`];
    return agree
      ? []
      : [`pod ${metadata?.name} tells of ${told ?? JSON.stringify(state)}, and ${runs?.id ?? 'nothing'} runs`];
  });
}

/** What holds besides, once all that is asked for can be had: what was asked for, what is told of it and what runs agree. */
export function unsettled(world: SimWorld): readonly string[] {
  return [
    ...['namespaces', 'deployments', 'replicasets', 'pods'].flatMap((resource) =>
      world.all(resource).flatMap((object) => leaving(resource, object)),
    ),
    ...world.nodes.flatMap(({ name }) =>
      world.all('nodes').some(({ metadata }) => metadata?.name === name) ? [] : [`${name} is missing`],
    ),
    ...world.all<Deployment>('deployments').flatMap(unsettledDeployment),
    ...world.all<ReplicaSet>('replicasets').flatMap(unsettledSet),
    ...world.all<Pod>('pods').flatMap((pod) => unsettledPod(world, pod)),
    ...world.nodes.flatMap((node) => strays(world, node)),
  ];
}

const leaving = (resource: string, { metadata }: KubeObject): readonly string[] =>
  metadata?.deletionTimestamp === undefined ? [] : [`${resource}/${metadata.name} is still there`];

function unsettledDeployment({ metadata, spec, status }: Deployment): readonly string[] {
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status ?? {};
  const told = [replicas, updatedReplicas, availableReplicas];
  return observedGeneration === metadata?.generation && told.every((count) => count === wanted)
    ? []
    : [`deployment ${metadata?.name} wants ${wanted}, tells ${told.join('/')} of generation ${observedGeneration}`];
}

function unsettledSet({ metadata, spec, status }: ReplicaSet): readonly string[] {
  const wanted = spec?.replicas ?? 1;
  const { observedGeneration, replicas = 0, availableReplicas = 0 } = status ?? {};
  return observedGeneration === metadata?.generation && replicas === wanted && availableReplicas === wanted
    ? []
    : [
        `set ${metadata?.name} wants ${wanted}, tells ${replicas}/${availableReplicas} of generation ${observedGeneration}`,
      ];
}

function unsettledPod(world: SimWorld, { metadata, spec, status }: Pod): readonly string[] {
  const what = `pod ${metadata?.name} (${status?.phase} on ${spec?.nodeName})`;
  const { runtime } = world.nodes.find(({ name }) => name === spec?.nodeName) ?? {};
  if (runtime === undefined) return [`${what} has no node`];
  const running = runtime.containers.filter(({ pod, state }) => pod.uid === metadata?.uid && state === 'running');
  if (isEnded(status)) return running.length === 0 ? [] : [`${what} has a container that runs`];
  const told = status?.containerStatuses ?? [];
  const wanted = told.filter(({ state }) => !isEndedForGood(spec?.restartPolicy, state?.terminated?.exitCode));
  const ended = told.length - wanted.length;
  return status?.phase === 'Running' &&
    wanted.length > 0 &&
    running.length === (spec?.containers.length ?? 0) - ended &&
    wanted.every(({ ready }) => ready)
    ? []
    : [`${what} has ${running.length} containers that run, tells of ${JSON.stringify(told.map(({ state }) => state))}`];
}

const isEndedForGood = (restartPolicy = 'Always', exitCode?: number): boolean =>
  exitCode !== undefined && (restartPolicy === 'Never' || (restartPolicy === 'OnFailure' && exitCode === 0));

function strays(world: SimWorld, { name, runtime }: SimNode): readonly string[] {
  const wanted = new Set(
    world.all<Pod>('pods').flatMap(({ metadata, spec }) => (spec?.nodeName === name ? metadata?.uid : [])),
  );
  return [...runtime.sandboxes, ...runtime.containers]
    .filter(({ pod }) => !wanted.has(pod.uid))
    .map(({ id }) => `${name} has ${id} of no pod`);
}

/** Each pod of a story asks for one of a node's four CPUs. */
function overbooked(world: SimWorld, { name }: SimNode): readonly string[] {
  const pods = world.all<Pod>('pods').filter(({ spec, status }) => spec?.nodeName === name && !isEnded(status));
  return pods.length <= 4 ? [] : [`${name} has room for 4 pods, and has ${pods.length}`];
}

const isEnded = (status: Pod['status']): boolean => status?.phase === 'Succeeded' || status?.phase === 'Failed';

const repeated = (texts: readonly string[]): readonly string[] =>
  texts.filter((text, at) => texts.indexOf(text) !== at);
