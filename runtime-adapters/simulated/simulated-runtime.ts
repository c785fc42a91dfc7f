import type { Duplex } from 'node:stream';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { ExecConfig, ExecProcess, LogWindow, RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { PodSandboxConfig, ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type { PodRef } from '../../contracts/runtime/references.ts';
import { createdContainer } from '../../contracts/runtime/created-container.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type {
  ContainerStatus,
  ImageInfo,
  RuntimeInfo,
  RuntimeLevel,
  SandboxStatus,
  StoredImage,
} from '../../contracts/runtime/status.ts';
import type { ProbeHandler } from '../../contracts/runtime/probes.ts';
import type { RuntimeStats } from '../../contracts/runtime/stats.ts';
import type { Clock } from '../../contracts/time/clock.ts';
import { echo, exec } from './simulated-exec.ts';
import { followLogs, readLogs } from './simulated-logs.ts';
import { imageInfo, type SimulatedContainer, type SimulatedNode } from './simulated-node.ts';
import { simulatedStats } from './simulated-stats.ts';
import { type Latency, runOf, type SimulatedConfig, type SimulatedImage } from './simulation-config.ts';

const KILLED = 137;
const TERMINATED = 143;
const CANNOT_RUN = 127;

/** What a node's adapter needs of the engine. */
interface Engine {
  readonly config: SimulatedConfig;
  readonly clock: Clock;
  node(name: string): SimulatedNode;
  image(name: string): SimulatedImage | undefined;
  nextAddress(): string;
  take(node: string, op: string, latency?: Latency): Promise<void>;
}

/** The runtime adapter of one simulated node. Keeps no state: all of it is in the engine. */
export class SimulatedRuntime implements RuntimeAdapter {
  readonly #engine: Engine;
  readonly #node: SimulatedNode;
  readonly #watching = new Set<(hint: { readonly podUid?: string }) => void>();

  constructor(engine: Engine, node: string) {
    this.#engine = engine;
    this.#node = engine.node(node);
  }

  async info(): Promise<RuntimeInfo> {
    await this.#take('info');
    const { cpuMillis = 4000, memoryBytes = 8 * 1024 ** 3 } = this.#engine.config;
    return {
      runtime: 'simulated',
      version: '1',
      operatingSystem: 'linux',
      osImage: 'simulated',
      kernelVersion: 'simulated',
      architecture: 'amd64',
      cpuMillis,
      memoryBytes,
    };
  }

  async stats(): Promise<RuntimeStats> {
    await this.#take('stats');
    const { memoryBytes = 8 * 1024 ** 3 } = this.#engine.config;
    return simulatedStats(this.#node, memoryBytes, this.#now());
  }

  async list(filter: { readonly podUid?: string } = {}): Promise<RuntimeLevel> {
    await this.#take('list');
    const wanted = ({ pod }: { readonly pod: PodRef }): boolean => (filter.podUid ?? pod.uid) === pod.uid;
    return {
      sandboxes: [...this.#node.sandboxes.values()].filter(wanted),
      containers: [...this.#node.containers.values()].map(({ status }) => status).filter(wanted),
    };
  }

  async runPodSandbox({ pod, attempt, hostNetwork = false }: PodSandboxConfig): Promise<SandboxStatus> {
    await this.#take('runPodSandbox');
    const key = `${pod.uid}\0${attempt}`;
    const known = this.#node.sandboxes.get(this.#node.ids.get(key) ?? '');
    if (known !== undefined) return known;
    const id = this.#newId(key);
    const address = hostNetwork ? {} : { ip: this.#engine.nextAddress() };
    const sandbox: SandboxStatus = { id, pod, attempt, state: 'ready', ...address, createdAt: this.#now() };
    this.#node.sandboxes.set(id, sandbox);
    return sandbox;
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    await this.#take('stopPodSandbox');
    this.#stopSandbox(sandboxId);
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    await this.#take('remove');
    this.#stopSandbox(sandboxId);
    for (const { status } of this.#inSandbox(sandboxId)) this.#forget(status.id, keyOf(status));
    const sandbox = this.#node.sandboxes.get(sandboxId);
    if (sandbox === undefined) return;
    this.#node.sandboxes.delete(sandboxId);
    this.#forget(sandboxId, `${sandbox.pod.uid}\0${sandbox.attempt}`);
    this.#node.notify({ podUid: sandbox.pod.uid });
  }

  async pullImage(image: string): Promise<ImageInfo> {
    const found = this.#engine.image(image);
    await this.#engine.take(this.#node.name, 'pullImage', found?.pull?.latencyMs);
    const { fails, failTimes = Number.POSITIVE_INFINITY } = found?.pull ?? {};
    const failed = this.#node.pullFailures.get(image) ?? 0;
    if (found === undefined) throw pullError(image, 'no registry has it');
    if (fails !== undefined && failed < failTimes) {
      this.#node.pullFailures.set(image, failed + 1);
      throw pullError(image, fails);
    }
    const info = imageInfo(image);
    this.#node.images.set(info.imageId, image);
    return info;
  }

  async imageStatus(image: string): Promise<ImageInfo | undefined> {
    await this.#take('imageStatus');
    const name = this.#imageName(image);
    return name === undefined ? undefined : { ...imageInfo(name), image };
  }

  async listImages(): Promise<readonly StoredImage[]> {
    await this.#take('listImages');
    return [...this.#node.images].map(([imageId, name]) => ({ imageId, sizeBytes: imageInfo(name).sizeBytes ?? 0 }));
  }

  async removeImage(imageId: string): Promise<void> {
    await this.#take('remove');
    const user = [...this.#node.containers.values()].find(({ status }) => status.imageId === imageId);
    if (user !== undefined)
      throw statusError('Conflict', `remove image ${imageId}: container ${user.status.id} uses it`);
    this.#node.images.delete(imageId);
  }

  async createContainer(config: ResolvedContainerConfig): Promise<string> {
    await this.#take('createContainer');
    const { pod, name, sandboxId } = config;
    const known = this.#node.ids.get(keyOf(config));
    if (known !== undefined) return known;
    const act = `create container ${name} of pod ${pod.namespace}/${pod.name}`;
    const imageName = this.#imageName(config.image);
    if (imageName === undefined) {
      throw runtimeError(
        'NotFound',
        'ImageNotPresent',
        `${act}: no image ${config.image} on the node; pull the image first`,
      );
    }
    if (!this.#node.sandboxes.has(sandboxId)) {
      throw runtimeError('Invalid', 'CreateContainerError', `${act}: there is no sandbox ${sandboxId}; run one first`);
    }
    const id = this.#newId(keyOf(config));
    const { imageId } = imageInfo(imageName);
    const status = createdContainer(config, { id, imageId, createdAt: this.#now() });
    const run = this.#runOf(imageName, config);
    this.#node.containers.set(id, { status, run, cancelEnd: () => undefined, onEnd: new Set() });
    return id;
  }

  async startContainer(containerId: string): Promise<void> {
    await this.#take('startContainer');
    const container = this.#needed(containerId);
    const { status, run } = container;
    if (status.startedAt !== undefined) return;
    const act = `start container ${status.name} of pod ${status.pod.namespace}/${status.pod.name}`;
    if (this.#node.sandboxes.get(status.sandboxId)?.state !== 'ready') {
      throw runtimeError(
        'Invalid',
        'RunContainerError',
        `${act}: its sandbox is not running; run another attempt of it`,
      );
    }
    if (run.cannotStart !== undefined) {
      container.status = { ...status, ...cannotRun(run.cannotStart, this.#now()) };
      throw runtimeError('Invalid', 'RunContainerError', `${act}: ${run.cannotStart}`);
    }
    container.status = { ...status, state: 'running', startedAt: this.#now() };
    if (run.exitAfterMs !== undefined) {
      const { exitCode = 0, oomKilled = false } = run;
      container.cancelEnd = this.#engine.clock.after(run.exitAfterMs, () =>
        this.#end(containerId, exitCode, oomKilled),
      );
    }
  }

  async stopContainer(containerId: string, graceMs: number): Promise<void> {
    await this.#take('stopContainer');
    const container = this.#node.containers.get(containerId);
    if (container?.status.state !== 'running') return;
    const { ignoresTerm = false, stopMs = 0, stopExitCode = TERMINATED } = container.run;
    const obeys = !ignoresTerm && stopMs <= graceMs;
    await new Promise<void>((resolve) => {
      container.onEnd.add(resolve);
      const end = (): void => this.#end(containerId, obeys ? stopExitCode : KILLED);
      const delayMs = obeys ? stopMs : graceMs;
      if (delayMs === 0) end();
      else void this.#engine.clock.after(delayMs, end);
    });
  }

  async removeContainer(containerId: string): Promise<void> {
    await this.#take('remove');
    const status = this.#node.containers.get(containerId)?.status;
    if (status === undefined) return;
    this.#end(containerId, KILLED);
    this.#forget(containerId, keyOf(status));
    this.#node.notify({ podUid: status.pod.uid });
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    await this.#take('containerStatus');
    return this.#needed(containerId).status;
  }

  async logs(containerId: string, window: LogWindow): Promise<LogLines> {
    await this.#take('logs');
    return readLogs(this.#needed(containerId), window, this.#now());
  }

  async followLogs(
    containerId: string,
    options: { readonly sinceTime?: string; readonly signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void> {
    await this.#take('logs');
    await followLogs(this.#needed(containerId), this.#engine.clock, options, onLine);
  }

  async exec(containerId: string, config: ExecConfig): Promise<ExecProcess> {
    await this.#take('exec');
    const container = this.#needed(containerId);
    if (container.status.state === 'running') return exec(container, config);
    throw statusError('Conflict', `run ${config.command[0] ?? ''} in container ${containerId}: it is not running`);
  }

  /** There is no network: a running container answers on its image's ports, or on all where none are configured. */
  probe(containerId: string, { httpGet, tcpSocket, grpc }: ProbeHandler): Promise<{ readonly failure?: string }> {
    const { status } = this.#needed(containerId);
    const port = (httpGet ?? tcpSocket ?? grpc)?.port ?? 0;
    const ports = this.#engine.image(status.image)?.ports;
    if (status.state === 'running' && (ports === undefined || ports.includes(port))) return Promise.resolve({});
    return Promise.resolve({ failure: `dial tcp :${port}: connect: connection refused` });
  }

  async connect(sandboxId: string, port: number): Promise<Duplex> {
    await this.#take('connect');
    const listens = this.#inSandbox(sandboxId).some(
      ({ status }) => status.state === 'running' && this.#listens(status.imageId).includes(port),
    );
    if (listens) return echo();
    throw statusError('ServiceUnavailable', `connect to port ${port} of the pod: connection refused`);
  }

  watch(onChange: (hint: { readonly podUid?: string }) => void): () => void {
    // A new function, so that the same listener can watch twice.
    const watcher = (hint: { readonly podUid?: string }): void => onChange(hint);
    this.#node.watchers.add(watcher);
    this.#watching.add(watcher);
    return () => {
      this.#node.watchers.delete(watcher);
      this.#watching.delete(watcher);
    };
  }

  close(): Promise<void> {
    for (const watcher of this.#watching) this.#node.watchers.delete(watcher);
    this.#watching.clear();
    return Promise.resolve();
  }

  #take(op: string): Promise<void> {
    return this.#engine.take(this.#node.name, op);
  }
  #now(): number {
    return this.#engine.clock.now();
  }
  #newId(key: string): string {
    const id = `${this.#node.name}-${++this.#node.serial}`;
    this.#node.ids.set(key, id);
    return id;
  }
  #end(containerId: string, exitCode: number, oomKilled = false): void {
    this.#node.end(containerId, { exitCode, oomKilled, at: this.#now() });
  }
  #needed(containerId: string): SimulatedContainer {
    const container = this.#node.containers.get(containerId);
    if (container !== undefined) return container;
    throw notFound(containerId);
  }
  #inSandbox(sandboxId: string): readonly SimulatedContainer[] {
    return [...this.#node.containers.values()].filter(({ status }) => status.sandboxId === sandboxId);
  }
  #stopSandbox(sandboxId: string): void {
    for (const { status } of this.#inSandbox(sandboxId)) this.#end(status.id, KILLED);
    const sandbox = this.#node.sandboxes.get(sandboxId);
    if (sandbox?.state !== 'ready') return;
    const { ip: _ip, ...rest } = sandbox;
    this.#node.sandboxes.set(sandboxId, { ...rest, state: 'notReady' });
    this.#node.notify({ podUid: sandbox.pod.uid });
  }
  #forget(id: string, key: string): void {
    this.#node.containers.delete(id);
    this.#node.ids.delete(key);
  }
  #listens(imageId: string): readonly number[] {
    const name = this.#node.images.get(imageId);
    return (name === undefined ? undefined : this.#engine.image(name)?.ports) ?? [];
  }
  /** The name of an image on the node, by its name or id. */
  #imageName(image: string): string | undefined {
    const named = this.#node.images.get(image);
    if (named !== undefined) return named;
    const { imageId } = imageInfo(image);
    if (this.#engine.image(image)?.present === true) this.#node.images.set(imageId, image);
    return this.#node.images.get(imageId);
  }
  #runOf(imageName: string, config: ResolvedContainerConfig): SimulatedContainer['run'] {
    const image = this.#engine.image(imageName) ?? {};
    const commanded = config.command !== undefined && config.command.length > 0;
    const head = commanded ? (config.command ?? []) : (image.entrypoint ?? []);
    const given = config.args !== undefined && config.args.length > 0;
    const tail = given ? (config.args ?? []) : commanded ? [] : (image.cmd ?? []);
    const env = { ...image.env, ...Object.fromEntries((config.env ?? []).map(({ name, value }) => [name, value])) };
    return runOf(image, [...head, ...tail], env, config.attempt);
  }
}

const keyOf = ({ pod, name, attempt }: Pick<ContainerStatus, 'pod' | 'name' | 'attempt'>): string =>
  `${pod.uid}\0${name}\0${attempt}`;

const notFound = (id: string): StatusError =>
  statusError('NotFound', `get container ${id}: there is none of this id; list the containers again`);

const pullError = (image: string, words: string): StatusError =>
  runtimeError('NotFound', 'ErrImagePull', `pull image ${image}: ${words}; check the name, the tag and the registry`);

const cannotRun = (message: string, at: number): Partial<ContainerStatus> => ({
  state: 'exited',
  finishedAt: at,
  exitCode: CANNOT_RUN,
  oomKilled: false,
  reason: 'ContainerCannotRun',
  message,
});
