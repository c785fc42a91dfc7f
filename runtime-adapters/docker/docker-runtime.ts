import type { ContainerCreateOptions, ContainerInfo } from 'dockerode';
import { statusError } from '../../contracts/errors/status.ts';
import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { LogWindow, RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { PodSandboxConfig, ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type {
  ContainerStatus,
  ImageInfo,
  RuntimeInfo,
  RuntimeLevel,
  SandboxStatus,
} from '../../contracts/runtime/status.ts';
import { limitConcurrency, singleFlight } from '../limit.ts';
import { architectureName } from './architecture.ts';
import { ContainerReads } from './container-reads.ts';
import { sandboxStatus, wasStarted } from './container-status.ts';
import { containerOptions, sandboxOptions } from './create-options.ts';
import { callEngine, connectEngine, type Engine, engineCode, engineRefusal, engineWords } from './engine.ts';
import { followEngineEvents } from './engine-events.ts';
import { followLogs, readLogs } from './engine-logs.ts';
import { Images } from './images.ts';
import { engineName, LABEL, SANDBOX_NAME } from './labels.ts';
import { gateOf, type NetworkGate } from './network-gate.ts';
import { absent, createRefusal, refuseLongProgram, sandboxRefusal, startRefusal } from './refusals.ts';

export interface DockerOptions {
  /** Whose containers these are: several nodes, of several clusters too, may share an engine if their names differ. */
  readonly node: string;
  readonly engine?: Engine;
  readonly socketPath?: string;
  /** What holds a pod's network; absent: a local image. */
  readonly pauseImage?: string;
  /** The engine's network that pods join; `bridge` when absent. */
  readonly network?: string;
  /** How many changes the engine is asked to make together. */
  readonly atOnce?: number;
}

const CHANGE_MS = 120_000;
/** Measured on Docker 20.10 with 2 cores: more at once makes no more a second. */
const CHANGES_AT_ONCE = 8;
/** A name may be taken a moment before what has it can be inspected. */
const NAME_TRIES = 5;
const NAME_WAIT_MS = 100;

type Hint = { readonly podUid?: string };

/** Docker through its API. Keeps nothing that the engine does not know: another instance goes on where this one ended. */
export class DockerRuntime implements RuntimeAdapter {
  readonly #node: string;
  readonly #engine: Engine;
  readonly #images: Images;
  readonly #network: string;
  readonly #gate: NetworkGate;
  readonly #changes;
  readonly #reads: ContainerReads;
  readonly #creating = singleFlight<{ readonly id: string; readonly fresh: boolean }>();
  readonly #running = singleFlight<SandboxStatus>();
  readonly #starting = singleFlight<void>();
  /** Made here and never started, so that a start need not look first. */
  readonly #fresh = new Set<string>();
  readonly #watchers = new Set<(hint: Hint) => void>();
  readonly #closed = new AbortController();
  #listening = false;

  constructor(options: DockerOptions) {
    this.#node = options.node;
    this.#engine = options.engine ?? connectEngine(options.socketPath);
    this.#reads = new ContainerReads(this.#engine);
    this.#images = new Images(this.#engine, options.pauseImage);
    this.#network = options.network ?? 'bridge';
    this.#gate = gateOf(this.#engine);
    this.#changes = limitConcurrency(options.atOnce ?? CHANGES_AT_ONCE);
  }

  async info(): Promise<RuntimeInfo> {
    const found = (await this.#reads.read('ask the engine about itself', () => this.#engine.info())) as {
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

  async list(filter: { readonly podUid?: string } = {}): Promise<RuntimeLevel> {
    const pod = filter.podUid === undefined ? [] : [`${LABEL.podUid}=${filter.podUid}`];
    const found = await this.#reads.list('list containers', [`${LABEL.node}=${this.#node}`, ...pod]);
    const of = (kind: string): ContainerInfo[] => found.filter((entry) => entry.Labels[LABEL.kind] === kind);
    const containers = await Promise.all(of('container').map((entry) => this.#reads.statusOf(entry)));
    if (filter.podUid === undefined) this.#reads.forgetAllBut(new Set(found.map((entry) => entry.Id)));
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
    return this.#reads.atOnce(() => this.#images.find(image));
  }

  async createContainer(config: ResolvedContainerConfig): Promise<string> {
    refuseLongProgram(config);
    const name = engineName(config.name, config.pod, config.attempt);
    try {
      return (await this.#create(name, containerOptions(this.#node, config))).id;
    } catch (error) {
      throw createRefusal(config, error);
    }
  }

  startContainer(containerId: string): Promise<void> {
    return this.#starting(containerId, () => this.#start(containerId));
  }

  async stopContainer(containerId: string, graceMs: number): Promise<void> {
    const act = `stop container ${containerId}`;
    const t = Math.ceil(graceMs / 1000);
    // Waits for as long as the container may take, so it must not hold one of the few places for changes.
    await this.#orGone(
      act,
      (abortSignal) => this.#engine.getContainer(containerId).stop({ t, abortSignal }),
      t * 1000 + CHANGE_MS,
    );
  }

  async removeContainer(containerId: string): Promise<void> {
    const act = `remove container ${containerId}`;
    const container = this.#engine.getContainer(containerId);
    await this.#changes(() =>
      this.#orGone(act, async (abortSignal) => {
        const options = { force: true, v: true, abortSignal };
        try {
          await container.remove(options);
        } catch (error) {
          if (engineCode(error) !== 409) throw error;
          await container.wait({ condition: 'removed', abortSignal }); // somebody is removing it
        }
      }),
    );
    this.#reads.forget(containerId);
    this.#fresh.delete(containerId);
  }

  async containerStatus(containerId: string): Promise<ContainerStatus> {
    const found = await this.#reads.find(containerId);
    if (found?.Config.Labels[LABEL.kind] !== 'container') throw absent(containerId);
    return this.#reads.remember(found);
  }

  async logs(containerId: string, window: LogWindow): Promise<LogLines> {
    // Looked at before reading: once it has ended, all it wrote can be read.
    const found = await this.#reads.needed(containerId);
    const source = { engine: this.#engine, id: containerId, tty: found.Config.Tty };
    const read = await this.#reads
      .atOnce(() => readLogs(source, window))
      .catch((error: unknown) => {
        throw engineRefusal(`read the log of container ${containerId}`, error);
      });
    const ended = found.State.Status === 'exited' && read.truncated !== true;
    return ended ? { ...read, ended } : read;
  }

  async followLogs(
    containerId: string,
    options: { readonly sinceTime?: string; readonly signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void> {
    const found = await this.#reads.needed(containerId);
    const source = { engine: this.#engine, id: containerId, tty: found.Config.Tty };
    await followLogs(source, options, onLine).catch((error: unknown) => {
      throw engineRefusal(`follow the log of container ${containerId}`, error);
    });
  }

  watch(onChange: (hint: Hint) => void): () => void {
    this.#watchers.add(onChange);
    this.#listen();
    return () => void this.#watchers.delete(onChange);
  }

  close(): Promise<void> {
    this.#watchers.clear();
    this.#closed.abort();
    return Promise.resolve();
  }

  async #runSandbox(name: string, config: PodSandboxConfig): Promise<SandboxStatus> {
    const act = `run sandbox of pod ${config.pod.namespace}/${config.pod.name}`;
    const { id, fresh } = await this.#createSandbox(name, config).catch((error: unknown) => {
      throw sandboxRefusal(act, error);
    });
    try {
      await this.#starting(id, () => this.#start(id, (start) => this.#gate.join(start)));
    } catch (error) {
      // One that could not start (a port is taken) is in the way of the next try.
      if (fresh) await this.removeContainer(id).catch(() => undefined);
      throw sandboxRefusal(act, error);
    }
    const found = await this.#reads.needed(id);
    return sandboxStatus({
      Id: found.Id,
      Created: Math.floor(Date.parse(found.Created) / 1000),
      State: found.State.Status,
      Labels: found.Config.Labels,
      NetworkSettings: found.NetworkSettings as ContainerInfo['NetworkSettings'],
    });
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
      this.#images.forgetPause(); // somebody removed the image under us
      return make();
    }
  }

  /** Makes what has this name, or finds it made. @throws what the engine's client threw, or StatusError */
  #create(name: string, options: ContainerCreateOptions): Promise<{ readonly id: string; readonly fresh: boolean }> {
    return this.#creating(name, async () => {
      try {
        const container = await this.#changes(() =>
          callEngine(`create container ${name}`, CHANGE_MS, (abortSignal) => {
            // Apart, or the client repeats the body, secrets and all, in the address.
            const apart = { _query: { name }, _body: options, abortSignal };
            return this.#engine.createContainer(apart as ContainerCreateOptions);
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
      const found = await this.#reads.find(name);
      if (found !== undefined && found.Config.Labels[LABEL.node] === this.#node) return found.Id;
      if (found !== undefined) {
        throw statusError(
          'Conflict',
          `create container ${name}: it belongs to another node; name the nodes of one engine apart`,
        );
      }
      await new Promise((resolve) => setTimeout(resolve, NAME_WAIT_MS));
    }
    throw statusError('Conflict', `create container ${name}: the name is taken by one that comes or goes; ask again`);
  }

  async #start(id: string, around = (start: () => Promise<void>): Promise<void> => start()): Promise<void> {
    if (!this.#fresh.has(id) && wasStarted(await this.#reads.needed(id))) return;
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
      if (engineCode(error) !== 304) throw startRefusal('start container', error); // an event for each of its attempts would not count up
    } finally {
      this.#fresh.delete(id);
      this.#reads.forget(id);
    }
  }

  async #kill(id: string): Promise<void> {
    await this.#changes(() => this.#killNow(id));
  }

  /** Holds none of the places for changes: who waits there for the gate would wait for this. */
  async #leaveNetwork(sandboxId: string): Promise<void> {
    await this.#gate.leave(() => this.#killNow(sandboxId));
  }

  async #killNow(id: string): Promise<void> {
    await this.#orGone(`kill container ${id}`, (abortSignal) => this.#engine.getContainer(id).kill({ abortSignal }));
  }

  /** Absent, ended already or not running: then there is nothing to do. */
  async #orGone(
    act: string,
    work: (abortSignal: AbortSignal) => Promise<unknown>,
    timeoutMs = CHANGE_MS,
  ): Promise<void> {
    try {
      await callEngine(act, timeoutMs, work);
    } catch (error) {
      const code = engineCode(error);
      if (code === 304 || code === 404 || (code === 409 && /is not running/.test(engineWords(error)))) return;
      throw engineRefusal(act, error);
    }
  }

  #inSandbox(sandboxId: string): Promise<ContainerInfo[]> {
    return this.#reads.list(`list containers of sandbox ${sandboxId}`, [`${LABEL.sandboxId}=${sandboxId}`]);
  }

  #listen(): void {
    if (this.#listening) return;
    this.#listening = true;
    const tell = (hint: Hint): void => {
      for (const watcher of this.#watchers) watcher(hint);
    };
    void followEngineEvents(
      this.#engine,
      this.#node,
      {
        onOpen: () => tell({}),
        onEvent: ({ containerId, podUid }) => {
          this.#reads.forget(containerId);
          tell(podUid === undefined ? {} : { podUid });
        },
      },
      this.#closed.signal,
    );
  }
}
