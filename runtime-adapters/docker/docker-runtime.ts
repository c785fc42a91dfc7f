import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import type { ContainerCreateOptions, ContainerInfo, ContainerInspectInfo } from 'dockerode';
import { statusError } from '../../contracts/errors/status.ts';
import { runtimeError } from '../../contracts/runtime/errors.ts';
import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { ExecConfig, ExecProcess, LogWindow, RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { PodSandboxConfig, ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type { RuntimeStats } from '../../contracts/runtime/stats.ts';
import type {
  ContainerStatus,
  ImageInfo,
  RuntimeInfo,
  RuntimeLevel,
  SandboxStatus,
  StoredImage,
} from '../../contracts/runtime/status.ts';
import { limitConcurrency, singleFlight } from '../concurrency-limit.ts';
import { containerOptions, sandboxOptions } from './container-create-options.ts';
import { ContainerQueries } from './container-queries.ts';
import { sandboxStatus, wasStarted } from './container-status.ts';
import {
  architectureName,
  callEngine,
  connectEngine,
  type Engine,
  engineCode,
  engineError,
  engineWords,
} from './engine.ts';
import { exec } from './engine-exec.ts';
import { EngineStats } from './engine-stats.ts';
import { followEngineEvents } from './engine-events.ts';
import { followLogs, readLogs } from './engine-logs.ts';
import { Images } from './images.ts';
import { engineName, LABEL, SANDBOX_NAME } from './labels.ts';
import { lockOf, type NetworkJoinLock } from './network-join-lock.ts';
import { PodConnector } from './pod-connector.ts';
import { refusedUser, type SecurityFacts } from './security-options.ts';
import { checkProgramName, createError, notFound, sandboxError, startError } from './operation-errors.ts';

export interface DockerOptions {
  /** The node that the containers belong to. Several nodes, also of several clusters, may share an engine if their names differ. */
  readonly node: string;
  readonly engine?: Engine;
  readonly socketPath?: string;
  /** The image that runs in each pod's sandbox; by default a local one. */
  readonly pauseImage?: string;
  /** The engine's network that pods join; default `bridge`. */
  readonly network?: string;
  /** Holds the profiles of type Localhost; by default the folder that Kubernetes uses. */
  readonly seccompFolder?: string;
  /** Most changes (create, start, kill, remove) at once. */
  readonly atOnce?: number;
}

const CHANGE_MS = 120_000;
/** Measured on Docker 20.10 with 2 cores: more at once are not faster. */
const CHANGES_AT_ONCE = 8;
/** A name may be taken a moment before its container can be inspected. */
const NAME_TRIES = 5;
const NAME_WAIT_MS = 100;

type Hint = { readonly podUid?: string };

/** Runs containers with Docker, through its API. Keeps no state that the engine lacks: after a crash another instance continues. */
export class DockerRuntime implements RuntimeAdapter {
  readonly #node: string;
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #network: string;
  readonly #seccompFolder: string;
  readonly #networkLock: NetworkJoinLock;
  readonly #changes;
  readonly #queries: ContainerQueries;
  readonly #stats: EngineStats;
  readonly #connector = new PodConnector();
  readonly #creating = singleFlight<{ readonly id: string; readonly fresh: boolean }>();
  readonly #running = singleFlight<SandboxStatus>();
  readonly #starting = singleFlight<void>();
  /** Containers created here and not started yet: their start needs no inspection first. */
  readonly #fresh = new Set<string>();
  readonly #watchers = new Set<(hint: Hint) => void>();
  readonly #closed = new AbortController();
  #listening = false;

  constructor(options: DockerOptions) {
    this.#node = options.node;
    this.#engine = options.engine ?? connectEngine(options.socketPath);
    this.#queries = new ContainerQueries(this.#engine);
    this.#stats = new EngineStats(this.#engine, this.#queries, options.node);
    this.#images = new Images(this.#engine, options.pauseImage);
    this.#network = options.network ?? 'bridge';
    this.#seccompFolder = options.seccompFolder ?? '/var/lib/kubelet/seccomp';
    this.#networkLock = lockOf(this.#engine);
    this.#changes = limitConcurrency(options.atOnce ?? CHANGES_AT_ONCE);
  }

  async info(): Promise<RuntimeInfo> {
    const found = (await this.#queries.read('get information about the engine', () => this.#engine.info())) as {
      readonly [name in 'ServerVersion' | 'OSType' | 'OperatingSystem' | 'KernelVersion' | 'Architecture']: string;
    } & { readonly NCPU: number; readonly MemTotal: number };
    return {
      runtime: 'docker',
      version: found.ServerVersion,
      operatingSystem: found.OSType,
      osImage: found.OperatingSystem,
      kernelVersion: found.KernelVersion,
      architecture: architectureName(found.Architecture),
      cpuMillis: found.NCPU * 1000,
      memoryBytes: found.MemTotal,
    };
  }

  stats(): Promise<RuntimeStats> {
    return this.#stats.read();
  }

  async list(filter: { readonly podUid?: string } = {}): Promise<RuntimeLevel> {
    const pod = filter.podUid === undefined ? [] : [`${LABEL.podUid}=${filter.podUid}`];
    const found = await this.#queries.list('list containers', [`${LABEL.node}=${this.#node}`, ...pod]);
    const of = (kind: string): ContainerInfo[] => found.filter((entry) => entry.Labels[LABEL.kind] === kind);
    const containers = await Promise.all(of('container').map((entry) => this.#queries.statusOf(entry)));
    if (filter.podUid === undefined) this.#queries.forgetAllBut(new Set(found.map((entry) => entry.Id)));
    return {
      sandboxes: of('sandbox').map(sandboxStatus),
      containers: containers.filter((status) => status !== undefined),
    };
  }

  runPodSandbox(config: PodSandboxConfig): Promise<SandboxStatus> {
    const name = engineName(SANDBOX_NAME, config.pod, config.attempt);
    return this.#running(name, () => this.#runSandbox(name, config));
  }

  async stopPodSandbox(sandboxId: string): Promise<void> {
    const inside = await this.#inSandbox(sandboxId);
    await Promise.all(inside.filter((entry) => entry.State === 'running').map((entry) => this.#kill(entry.Id)));
    await this.#leaveNetwork(sandboxId);
  }

  async removePodSandbox(sandboxId: string): Promise<void> {
    const inside = await this.#inSandbox(sandboxId);
    await Promise.all(inside.map((entry) => this.removeContainer(entry.Id)));
    await this.#leaveNetwork(sandboxId);
    await this.removeContainer(sandboxId);
  }

  pullImage(image: string): Promise<ImageInfo> {
    return this.#images.pull(image);
  }

  imageStatus(image: string): Promise<ImageInfo | undefined> {
    return this.#queries.atOnce(() => this.#images.find(image));
  }

  listImages(): Promise<readonly StoredImage[]> {
    return this.#queries.atOnce(() => this.#images.list());
  }

  removeImage(imageId: string): Promise<void> {
    return this.#images.remove(imageId);
  }

  async createContainer(config: ResolvedContainerConfig): Promise<string> {
    checkProgramName(config);
    const name = engineName(config.name, config.pod, config.attempt);
    const facts = await this.#securityFacts(config);
    try {
      return (await this.#create(name, containerOptions(this.#node, config, facts))).id;
    } catch (error) {
      throw createError(config, error);
    }
  }

  /** @throws StatusError CreateContainerConfigError: the image's user is root and must not be; CreateContainerError: no such profile */
  async #securityFacts(config: ResolvedContainerConfig): Promise<SecurityFacts> {
    const { nonRoot, user, group, seccomp } = config.security ?? {};
    const isAsked = nonRoot === true || (group !== undefined && user === undefined);
    const imageUser = isAsked ? await this.#images.userOf(config.image) : '';
    const refusal = nonRoot === true ? refusedUser(imageUser, config) : undefined;
    if (refusal !== undefined) throw runtimeError('Invalid', 'CreateContainerConfigError', refusal);
    if (seccomp?.type !== 'Localhost') return { imageUser };
    const path = join(this.#seccompFolder, seccomp.localhost);
    const seccompProfile = await readFile(path, 'utf8').catch((error: unknown) => {
      throw runtimeError(
        'Invalid',
        'CreateContainerError',
        `cannot load seccomp profile "${path}": ${(error as Error).message}`,
      );
    });
    return { imageUser, seccompProfile };
  }

  startContainer(containerId: string): Promise<void> {
    return this.#starting(containerId, () => this.#start(containerId));
  }

  async stopContainer(containerId: string, graceMs: number): Promise<void> {
    const act = `stop container ${containerId}`;
    const t = Math.ceil(graceMs / 1000);
    // Not limited like other changes: it may wait for the whole grace period.
    await this.#ifPresent(
      act,
      (abortSignal) => this.#engine.getContainer(containerId).stop({ t, abortSignal }),
      t * 1000 + CHANGE_MS,
    );
  }

  async removeContainer(containerId: string): Promise<void> {
    const act = `remove container ${containerId}`;
    const container = this.#engine.getContainer(containerId);
    await this.#changes(() =>
      this.#ifPresent(act, async (abortSignal) => {
        const options = { force: true, v: true, abortSignal };
        try {
          await container.remove(options);
        } catch (error) {
          if (engineCode(error) !== 409) throw error;
          await container.wait({ condition: 'removed', abortSignal }); // it is being removed already
        }
      }),
    );
    this.#queries.forget(containerId);
    this.#fresh.delete(containerId);
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    const found = await this.#queries.find(containerId);
    if (found?.Config.Labels[LABEL.kind] !== 'container') throw notFound(containerId);
    return this.#queries.remember(found);
  }

  async logs(containerId: string, window: LogWindow): Promise<LogLines> {
    // Inspected before reading: a container that had ended by then has written all its output.
    const found = await this.#queries.needed(containerId);
    const source = { engine: this.#engine, id: containerId, tty: found.Config.Tty };
    const read = await this.#queries
      .atOnce(() => readLogs(source, window))
      .catch((error: unknown) => {
        throw engineError(`read the log of container ${containerId}`, error);
      });
    const ended = found.State.Status === 'exited' && read.truncated !== true;
    return ended ? { ...read, ended } : read;
  }

  async followLogs(
    containerId: string,
    options: { readonly sinceTime?: string; readonly signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void> {
    const found = await this.#queries.needed(containerId);
    const source = { engine: this.#engine, id: containerId, tty: found.Config.Tty };
    await followLogs(source, options, onLine).catch((error: unknown) => {
      throw engineError(`follow the log of container ${containerId}`, error);
    });
  }

  exec(containerId: string, config: ExecConfig): Promise<ExecProcess> {
    return exec(this.#engine, containerId, config);
  }

  async connect(sandboxId: string, port: number): Promise<Duplex> {
    const found = await this.#queries.needed(sandboxId);
    const ip = sandboxStatus(listedSandbox(found)).ip;
    return this.#connector.connect({ containerId: found.Id, pid: found.State.Pid, ip }, port);
  }

  watch(onChange: (hint: Hint) => void): () => void {
    this.#watchers.add(onChange);
    this.#listen();
    return () => void this.#watchers.delete(onChange);
  }

  close(): Promise<void> {
    this.#watchers.clear();
    this.#closed.abort();
    this.#connector.close();
    return Promise.resolve();
  }

  async #runSandbox(name: string, config: PodSandboxConfig): Promise<SandboxStatus> {
    const act = `run sandbox of pod ${config.pod.namespace}/${config.pod.name}`;
    const { id, fresh } = await this.#createSandbox(name, config).catch((error: unknown) => {
      throw sandboxError(act, error);
    });
    try {
      await this.#starting(id, () => this.#start(id, (start) => this.#networkLock.join(start)));
    } catch (error) {
      // A sandbox that could not start, e.g. because a port is taken, would block the next attempt.
      if (fresh) await this.removeContainer(id).catch(() => undefined);
      throw sandboxError(act, error);
    }
    const found = await this.#queries.needed(id);
    return sandboxStatus(listedSandbox(found));
  }

  async #createSandbox(
    name: string,
    config: PodSandboxConfig,
  ): Promise<{ readonly id: string; readonly fresh: boolean }> {
    const make = async (): Promise<{ readonly id: string; readonly fresh: boolean }> =>
      this.#create(name, sandboxOptions(this.#node, config, await this.#images.pauseImage(), this.#network));
    try {
      return await make();
    } catch (error) {
      if (engineCode(error) !== 404) throw error;
      this.#images.forgetPause(); // the image was removed meanwhile
      return make();
    }
  }

  /** Creates the container of this name, or finds it. @throws the client's error, or StatusError */
  #create(name: string, options: ContainerCreateOptions): Promise<{ readonly id: string; readonly fresh: boolean }> {
    return this.#creating(name, async () => {
      try {
        const container = await this.#changes(() =>
          callEngine(`create container ${name}`, CHANGE_MS, (abortSignal) => {
            // Query and body are given apart: otherwise the client repeats the body, Secrets included, in the URL.
            const separate = { _query: { name }, _body: options, abortSignal };
            return this.#engine.createContainer(separate as ContainerCreateOptions);
          }),
        );
        this.#fresh.add(container.id);
        return { id: container.id, fresh: true };
      } catch (error) {
        if (engineCode(error) !== 409) throw error;
        return { id: await this.#idOf(name), fresh: false };
      }
    });
  }

  async #idOf(name: string): Promise<string> {
    for (let left = NAME_TRIES; left > 0; left -= 1) {
      const found = await this.#queries.find(name);
      if (found !== undefined && found.Config.Labels[LABEL.node] === this.#node) return found.Id;
      if (found !== undefined) {
        throw statusError(
          'Conflict',
          `create container ${name}: it belongs to another node; nodes that share an engine need different names`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, NAME_WAIT_MS));
    }
    throw statusError(
      'Conflict',
      `create container ${name}: its name is in use by a container that is being created or removed; retry`,
    );
  }

  async #start(id: string, around = (start: () => Promise<void>): Promise<void> => start()): Promise<void> {
    if (!this.#fresh.has(id) && wasStarted(await this.#queries.needed(id))) return;
    const act = `start container ${id}`;
    try {
      await this.#changes(() =>
        around(() =>
          callEngine(act, CHANGE_MS, async (abortSignal) => {
            await this.#engine.getContainer(id).start({ abortSignal });
          }),
        ),
      );
    } catch (error) {
      if (engineCode(error) !== 304) throw startError('start container', error); // without the id in the text, so that the events of all attempts are counted as one
    } finally {
      this.#fresh.delete(id);
      this.#queries.forget(id);
    }
  }

  async #kill(id: string): Promise<void> {
    await this.#changes(() => this.#killNow(id));
  }

  /** Outside the limit for changes: starts that hold its places may wait for the lock, and this would wait for them. */
  async #leaveNetwork(sandboxId: string): Promise<void> {
    await this.#networkLock.leave(() => this.#killNow(sandboxId));
  }

  async #killNow(id: string): Promise<void> {
    await this.#ifPresent(`kill container ${id}`, (abortSignal) => this.#engine.getContainer(id).kill({ abortSignal }));
  }

  /** Makes a call for which an absent or stopped container is a success. */
  async #ifPresent(
    act: string,
    work: (abortSignal: AbortSignal) => Promise<unknown>,
    timeoutMs = CHANGE_MS,
  ): Promise<void> {
    try {
      await callEngine(act, timeoutMs, work);
    } catch (error) {
      const code = engineCode(error);
      if (code === 304 || code === 404 || (code === 409 && /is not running/.test(engineWords(error)))) return;
      throw engineError(act, error);
    }
  }

  #inSandbox(sandboxId: string): Promise<ContainerInfo[]> {
    return this.#queries.list(`list containers of sandbox ${sandboxId}`, [`${LABEL.sandboxId}=${sandboxId}`]);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    const notify = (hint: Hint): void => {
      for (const watcher of this.#watchers) watcher(hint);
    };
    void followEngineEvents(
      this.#engine,
      this.#node,
      {
        onOpen: () => notify({}),
        onEvent: ({ containerId, podUid }) => {
          this.#queries.forget(containerId);
          notify(podUid === undefined ? {} : { podUid });
        },
      },
      this.#closed.signal,
    );
  }
}

/** An inspected sandbox as the engine lists it. */
const listedSandbox = (found: ContainerInspectInfo): Parameters<typeof sandboxStatus>[0] => ({
  Id: found.Id,
  Created: Math.floor(Date.parse(found.Created) / 1000),
  State: found.State.Status,
  Labels: found.Config.Labels,
  NetworkSettings: found.NetworkSettings as ContainerInfo['NetworkSettings'],
});
