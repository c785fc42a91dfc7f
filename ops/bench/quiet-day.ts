import { apiServer } from '../../actors/api-server/api-server.ts';
import { bootstrapObjects } from '../../actors/api-server/bootstrap/bootstrap-objects.ts';
import { nodeLifecycle } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import { controllers } from '../../actors/controllers/registry.ts';
import { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import type { Heard } from '../../actors/kernel/testing/test-world.ts';
import { kubelet } from '../../actors/kubelet/kubelet.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { KubeObject, Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchQuery } from '../../contracts/messages/node.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../contracts/runtime/config.ts';
import { createdContainer } from '../../contracts/runtime/created-container.ts';
import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';
import { parseKey } from '../../contracts/store/keys.ts';
import type { Playable } from '../replay/read/playable.ts';
import { nodeNamed, podNamed, RecordingWorld } from './make-recording.ts';
import { sized } from './tiny.ts';

const SECONDS_A_DAY = sized(86_400, 300);
const SECONDS_A_CHECKPOINT = sized(3_600, 100);
const NODE = 'node-0';

/** Records a node controller's quiet day: a heartbeat of a node every second, its own timers; a checkpoint every hour. */
export function recordQuietController(): Playable {
  const recording = new RecordingWorld(nodeLifecycle());
  const { world } = recording;
  const conditions = [
    { type: 'Ready', status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status' },
  ];
  const node = nodeNamed(NODE);
  recording.put('nodes', { ...node, status: { ...node.status, conditions } } as typeof node);
  world.start();
  for (let second = 1; second <= SECONDS_A_DAY; second++) {
    const body = { node: NODE, sentAt: world.now, runtimeReady: true, pods: 0 };
    world.latest('beats', [{ subject: `troupe.heartbeat.${NODE}`, body }]);
    world.advance(1_000);
    for (const { id, timeoutMs } of world.said()) if (timeoutMs !== undefined) world.answer(id, {});
    if (second % SECONDS_A_CHECKPOINT === 0) world.crash();
  }
  return recording.playable();
}

/** A request of the kubelet on its day. */
interface Asked {
  readonly at: number;
  readonly heard: Heard;
}

/** Records the quiet day of a kubelet with running pods: heartbeats, lists of the engine, comparisons with the dispatcher's digest. */
export function recordQuietKubelet(pods: number): {
  readonly playable: Playable;
  readonly running: number;
  readonly asked: readonly Asked[];
} {
  const recording = new RecordingWorld(kubelet({ node: NODE, ip: '192.168.0.1', version: 'v1.36.0' }));
  const { world } = recording;
  const around = new QuietNode(pods);
  const asked: Asked[] = [];
  const answer = (): void => {
    for (let said = world.said(); said.length > 0; said = world.said()) {
      for (const heard of said) {
        if (heard.timeoutMs === undefined || !world.core.isAskOpen(heard.id)) continue;
        asked.push({ at: world.now, heard });
        world.answer(heard, around.answer(heard, world.now));
      }
    }
  };
  world.start();
  answer();
  for (let second = 1; second <= SECONDS_A_DAY; second++) {
    world.advance(1_000);
    answer();
    if (second % SECONDS_A_CHECKPOINT === 0 && world.core.openAsks === 0) world.crash();
  }
  return { playable: recording.playable(), running: around.running, asked };
}

/**
 * Records the day of every other actor of a cluster with that one node. Their views hold the node and its pods; the kubelet's requests
 * reach the dispatcher and the api-server at their times; the store answers at once.
 */
export function recordQuietOthers(pods: number, asked: readonly Asked[]): readonly Playable[] {
  const dispatches = asked.filter(({ heard }) => heard.say === 'dispatch');
  const requests = asked.filter(({ heard }) => heard.subject.startsWith('troupe.api.'));
  const others = [scheduler, ...controllers.filter(({ name }) => name !== nodeLifecycle().name)];
  return [
    recordQuiet(apiServer({ instance: 'test', authorization: 'RBAC' }), pods, requests),
    recordQuiet(dispatcher, pods, dispatches),
    ...others.map((definition) => recordQuiet(definition, pods, [])),
  ];
}

function recordQuiet(definition: ActorDefinition, pods: number, hears: readonly Asked[]): Playable {
  const recording = new RecordingWorld(definition);
  const { world } = recording;
  for (const object of bootstrapObjects()) recording.put('namespaces', object);
  recording.put('nodes', nodeNamed(NODE));
  for (const pod of quietPods(pods)) recording.put('pods', pod);
  const answer = (): void => {
    for (let said = world.said(); said.length > 0; said = world.said())
      for (const heard of said)
        if (heard.timeoutMs !== undefined && world.core.isAskOpen(heard.id))
          world.answer(heard, storesAnswer(recording, heard));
  };
  world.start();
  answer();
  const begun = world.now;
  let next = 0;
  for (let second = 1; second <= SECONDS_A_DAY; second++) {
    for (let one = hears[next]; one !== undefined && one.at <= begun + second * 1_000; one = hears[++next]) {
      world.advance(Math.max(0, one.at - world.now));
      const { subject, body, headers } = one.heard;
      world.callSubject(subject, body, { reply: `_INBOX.kubelet.${next}`, headers: { ...headers } });
      answer();
    }
    world.advance(begun + second * 1_000 - world.now);
    answer();
    if (second % SECONDS_A_CHECKPOINT === 0 && world.core.openAsks === 0) world.crash();
  }
  return recording.playable();
}

/** The store driver's answer to an api-server. Events are not kept: their bucket is not part of a view. */
function storesAnswer(recording: RecordingWorld, { say, body }: Heard): unknown {
  const { key = '', object } = body as { readonly key?: string; readonly object?: KubeObject };
  const revision = recording.world.cache.revision;
  const parts = parseKey(key);
  if (say === 'put' && object !== undefined && parts !== undefined)
    return { revision: recording.put(parts.resource, object) };
  if (say === 'getEvent') return {};
  return { revision };
}

const quietPods = (count: number): readonly Pod[] =>
  Array.from({ length: count }, (_, at) => {
    const { spec, ...pod } = podNamed(`web-${at}`);
    return { ...pod, spec: { containers: [], ...spec, nodeName: NODE } };
  });

/** The engine, dispatcher and api-server of a kubelet, without any failures. */
class QuietNode {
  readonly #pods = new Map<string, Pod>();
  readonly #sandboxes: SandboxStatus[] = [];
  readonly #containers = new Map<string, ContainerStatus>();

  constructor(pods: number) {
    for (const { metadata, ...pod } of quietPods(pods))
      this.#pods.set(metadata?.name ?? '', { ...pod, metadata: { ...metadata, resourceVersion: '1' } });
  }

  get running(): number {
    return [...this.#containers.values()].filter(({ state }) => state === 'running').length;
  }

  answer({ say, body, subject }: Heard, now: number): unknown {
    const verbs: Readonly<Record<string, () => unknown>> = {
      info: () => INFO,
      list: () => ({ sandboxes: this.#sandboxes, containers: [...this.#containers.values()] }),
      imageStatus: () => ({ image: { imageId: 'sha256:any', ...(body as { image: string }) } }),
      runPodSandbox: () => this.#sandbox(body as PodSandboxConfig, now),
      createContainer: () => this.#create(body as ContainerConfig, now),
      startContainer: () => this.#start((body as { readonly containerId: string }).containerId, now),
      dispatch: () => this.#dispatch(body as DispatchQuery),
      patchPodStatus: () => this.#status(subject.split('.').at(-1) ?? '', body as Pod),
    };
    return verbs[say]?.() ?? body;
  }

  #dispatch({ digest: held }: DispatchQuery): object {
    const pods = [...this.#pods.values()].map((pod) => ({ pod }));
    const digest = dispatchDigest(pods);
    return { epoch: 1, counter: 0, digest, ...(held === digest ? {} : { pods }) };
  }
  #status(name: string, { status }: Pod): Pod {
    const pod = this.#pods.get(name) ?? {};
    const patched = { ...pod, status: { ...pod.status, ...status } };
    this.#pods.set(name, patched);
    return patched;
  }
  #sandbox({ pod, attempt }: PodSandboxConfig, now: number): SandboxStatus {
    const made: SandboxStatus = {
      id: `sandbox-${pod.uid}`,
      pod,
      attempt,
      state: 'ready',
      ip: '10.0.0.7',
      createdAt: now,
    };
    this.#sandboxes.push(made);
    return made;
  }
  #create(config: ContainerConfig, now: number): object {
    const id = `container-${config.pod.uid}`;
    this.#containers.set(id, createdContainer(config, { id, imageId: config.image, createdAt: now }));
    return { containerId: id };
  }
  #start(id: string, now: number): object {
    const made = this.#containers.get(id);
    if (made !== undefined) this.#containers.set(id, { ...made, state: 'running', startedAt: now });
    return {};
  }
}

const INFO = {
  runtime: 'docker',
  version: '20.10',
  operatingSystem: 'linux',
  osImage: 'Debian',
  kernelVersion: '6',
  architecture: 'amd64',
  cpuMillis: 2_000,
  memoryBytes: 4 * 2 ** 30,
};
