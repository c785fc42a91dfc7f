import { nodeLifecycle } from '../../actors/controllers/node-lifecycle/node-lifecycle.ts';
import type { Heard } from '../../actors/kernel/testing/test-world.ts';
import { kubelet } from '../../actors/kubelet/kubelet.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import type { DispatchQuery } from '../../contracts/messages/node.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../contracts/runtime/config.ts';
import { createdContainer } from '../../contracts/runtime/created-container.ts';
import type { ContainerStatus, SandboxStatus } from '../../contracts/runtime/status.ts';
import type { Playable } from '../replay/playable.ts';
import { nodeNamed, podNamed, RecordingWorld } from './make-recording.ts';

const SECONDS_A_DAY = 86_400;
const SECONDS_A_CHECKPOINT = 3_600;
const NODE = 'node-0';

/** Of a node controller: heart-beats of a node, every second, and its own looks at its clocks; a checkpoint every hour. */
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

/** Of a kubelet whose pods just run: its heart-beats, its looks at the engine and at the dispatcher's digest. */
export function recordQuietKubelet(pods: number): { readonly playable: Playable; readonly running: number } {
  const recording = new RecordingWorld(kubelet({ node: NODE, ip: '192.168.0.1', version: 'v1.36.0' }));
  const { world } = recording;
  const around = new QuietNode(pods);
  const answer = (): void => {
    for (let said = world.said(); said.length > 0; said = world.said()) {
      for (const heard of said)
        if (heard.timeoutMs !== undefined && world.core.isAskOpen(heard.id))
          world.answer(heard, around.answer(heard, world.now));
    }
  };
  world.start();
  answer();
  for (let second = 1; second <= SECONDS_A_DAY; second++) {
    world.advance(1_000);
    answer();
    if (second % SECONDS_A_CHECKPOINT === 0 && world.core.openAsks === 0) world.crash();
  }
  return { playable: recording.playable(), running: around.running };
}

/** What a kubelet talks to, where everything goes well: an engine, a dispatcher, an api-server. */
class QuietNode {
  readonly #pods = new Map<string, Pod>();
  readonly #sandboxes: SandboxStatus[] = [];
  readonly #containers = new Map<string, ContainerStatus>();

  constructor(pods: number) {
    for (let at = 0; at < pods; at++) {
      const { metadata, spec } = podNamed(`web-${at}`);
      const pod = {
        metadata: { ...metadata, resourceVersion: '1' },
        spec: { containers: [], ...spec, nodeName: NODE },
      };
      this.#pods.set(`web-${at}`, { apiVersion: 'v1', kind: 'Pod', ...pod });
    }
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
