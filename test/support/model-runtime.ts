import type { ContainerConfig, PodSandboxConfig } from '../../contracts/runtime/config.ts';
import { createdContainer } from '../../contracts/runtime/created-container.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type { PodProbes, PodProbesConfig } from '../../contracts/runtime/probes.ts';
import type { ContainerStatus, RuntimeLevel, SandboxStatus } from '../../contracts/runtime/status.ts';
import type { PodFolder, PodVolumesConfig } from '../../contracts/runtime/volumes.ts';

/** A runtime as small as one can be: synchronous, in memory, and it counts what was started. For tests of plans. */
export class ModelRuntime {
  sandboxes: SandboxStatus[] = [];
  containers: ContainerStatus[] = [];
  folders: PodFolder[] = [];
  probes: PodProbes[] = [];
  readonly images = new Set<string>();
  /** `uid/name/attempt` of everything ever started, in order. */
  readonly started: string[] = [];
  now = Date.parse('2026-01-01T00:00:00Z');

  constructor(images: readonly string[] = []) {
    for (const image of images) this.images.add(image);
  }

  /** Does what a verb of `RuntimeOps` promises. @throws StatusError as the op refuses */
  do(op: string, body: never): unknown {
    const verbs: Readonly<Record<string, (body: never) => unknown>> = {
      list: () => ({
        sandboxes: this.sandboxes,
        containers: this.containers,
        ...(this.folders.length === 0 ? {} : { folders: this.folders }),
        ...(this.probes.length === 0 ? {} : { probes: this.probes }),
      }),
      setUpVolumes: ({ pod, version }: PodVolumesConfig) => this.#setUp({ pod, version }),
      setProbes: ({ pod, version, probes }: PodProbesConfig) => {
        this.probes = this.probes.filter((one) => one.pod.uid !== pod.uid);
        if (probes.length > 0) this.probes.push({ pod, version, outcomes: [] });
        return {};
      },
      tearDownVolumes: ({ podUid, keepFolder = false }: { podUid: string; keepFolder?: boolean }) =>
        this.#tearDown(podUid, keepFolder),
      runPodSandbox: (config: PodSandboxConfig) => this.#sandbox(config),
      stopPodSandbox: ({ sandboxId }: { sandboxId: string }) => this.#stopSandbox(sandboxId),
      removePodSandbox: ({ sandboxId }: { sandboxId: string }) => this.#removeSandbox(sandboxId),
      imageStatus: ({ image }: { image: string }) =>
        this.images.has(image) ? { image: { imageId: `sha256:${image}`, image } } : {},
      pullImage: ({ image }: { image: string }) => this.#pull(image),
      listImages: () => ({
        images: [...this.images].map((image) => ({ imageId: `sha256:${image}`, sizeBytes: 1_000 })),
      }),
      removeImage: ({ imageId }: { imageId: string }) => {
        this.images.delete(imageId.replace('sha256:', ''));
        return {};
      },
      createContainer: (config: ContainerConfig) => this.#create(config),
      startContainer: ({ containerId }: { containerId: string }) => this.#start(containerId),
      stopContainer: ({ containerId }: { containerId: string }) => this.exit(containerId, 143),
      removeContainer: ({ containerId }: { containerId: string }) => this.#remove(containerId),
    };
    const verb = verbs[op];
    if (verb === undefined) throw new Error(`model runtime: no op ${op}`);
    return verb(body);
  }

  level(uid: string): RuntimeLevel {
    const folders = this.folders.filter(({ pod }) => pod.uid === uid);
    const probes = this.probes.filter(({ pod }) => pod.uid === uid);
    return {
      ...(probes.length === 0 ? {} : { probes }),
      ...(folders.length === 0 ? {} : { folders }),
      sandboxes: this.sandboxes.filter(({ pod }) => pod.uid === uid),
      containers: this.containers.filter(({ pod }) => pod.uid === uid),
    };
  }
  running(): readonly string[] {
    return this.containers.filter(({ state }) => state === 'running').map(({ name, attempt }) => `${name}/${attempt}`);
  }
  /** The container ends by itself, or is killed. */
  exit(id: string, exitCode: number): object {
    this.#edit(id, (container) =>
      container.state === 'running'
        ? {
            ...container,
            state: 'exited',
            exitCode,
            finishedAt: this.now,
            reason: exitCode === 0 ? 'Completed' : 'Error',
          }
        : container,
    );
    return {};
  }
  /** The engine lost the sandbox: everything in it died. */
  sandboxDies(id: string): void {
    this.#stopSandbox(id);
  }

  #setUp(folder: PodFolder): PodFolder {
    this.folders = [...this.folders.filter(({ pod }) => pod.uid !== folder.pod.uid), folder];
    return folder;
  }
  #tearDown(uid: string, keepFolder: boolean): object {
    const others = this.folders.filter(({ pod }) => pod.uid !== uid);
    const kept = this.folders.filter(({ pod }) => keepFolder && pod.uid === uid);
    this.folders = [...others, ...kept.map(({ pod }) => ({ pod, version: '' }))];
    return {};
  }
  #sandbox({ pod, attempt }: PodSandboxConfig): SandboxStatus {
    const id = `sandbox-${pod.uid}-${attempt}`;
    const known = this.sandboxes.find((each) => each.id === id);
    if (known !== undefined) return known;
    const made: SandboxStatus = { id, pod, attempt, state: 'ready', ip: '10.0.0.7', createdAt: this.now };
    this.sandboxes = [...this.sandboxes, made];
    return made;
  }
  #stopSandbox(sandboxId: string): object {
    for (const each of this.containers) if (each.sandboxId === sandboxId) this.exit(each.id, 137);
    this.sandboxes = this.sandboxes.map((each) => {
      if (each.id !== sandboxId) return each;
      const { ip: _, ...rest } = each;
      return { ...rest, state: 'notReady' };
    });
    return {};
  }
  #removeSandbox(sandboxId: string): object {
    this.sandboxes = this.sandboxes.filter(({ id }) => id !== sandboxId);
    this.containers = this.containers.filter((each) => each.sandboxId !== sandboxId);
    return {};
  }
  #pull(image: string): object {
    if (image.startsWith('bad')) throw runtimeError('NotFound', 'ErrImagePull', `pull ${image}: not found`);
    this.images.add(image);
    return { imageId: `sha256:${image}`, image };
  }
  #create(config: ContainerConfig): object {
    const id = `${config.pod.uid}-${config.name}-${config.attempt}`;
    if (this.containers.some((each) => each.id === id)) return { containerId: id };
    const made = createdContainer(config, { id, imageId: config.image, createdAt: this.now });
    this.containers = [...this.containers, made];
    return { containerId: id };
  }
  #start(id: string): object {
    this.#edit(id, (container) => {
      if (container.state !== 'created') return container;
      this.started.push(`${container.pod.uid}/${container.name}/${container.attempt}`);
      return { ...container, state: 'running', startedAt: this.now };
    });
    return {};
  }
  #remove(id: string): object {
    this.containers = this.containers.filter((each) => each.id !== id);
    return {};
  }
  #edit(id: string, change: (container: ContainerStatus) => ContainerStatus): void {
    this.containers = this.containers.map((each) => (each.id === id ? change(each) : each));
  }
}
