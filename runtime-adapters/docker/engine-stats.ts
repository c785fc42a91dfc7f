import { stat } from 'node:fs/promises';
import type { ContainerInspectInfo } from 'dockerode';
import type { ContainerStats, RuntimeStats } from '../../contracts/runtime/stats.ts';
import { FolderSizes } from '../host/folder-sizes.ts';
import { filesystemOf, machineStats } from '../host/machine-stats.ts';
import { cgroupUsage } from './cgroup-usage.ts';
import type { ContainerQueries } from './container-queries.ts';
import type { Engine } from './engine.ts';
import { LABEL, podOf } from './labels.ts';

interface Paths {
  readonly writable: string | undefined;
  readonly log: string | undefined;
}

/** Reads what the containers of a node use: from the kernel and the disk; Docker is asked for the list alone. */
export class EngineStats {
  readonly #engine: Engine;
  readonly #queries: ContainerQueries;
  readonly #node: string;
  readonly #sizes = new FolderSizes();
  readonly #paths = new Map<string, Paths>();
  #root: Promise<string> | undefined;

  constructor(engine: Engine, queries: ContainerQueries, node: string) {
    this.#engine = engine;
    this.#queries = queries;
    this.#node = node;
  }

  async read(): Promise<RuntimeStats> {
    const labels = [`${LABEL.node}=${this.#node}`, `${LABEL.kind}=container`];
    const listed = await this.#queries.list('list containers', labels);
    const running = listed.filter(({ State }) => State === 'running');
    const ids = new Set(running.map(({ Id }) => Id));
    for (const id of this.#paths.keys()) if (!ids.has(id)) this.#paths.delete(id);
    const paths = await Promise.all(running.map(({ Id }) => this.#pathsOf(Id)));
    const sizes = await this.#sizes.of(paths.flatMap(({ writable }) => writable ?? []));
    const containers = running.map(async ({ Id, Labels }, at): Promise<ContainerStats> => {
      const { writable, log } = paths[at] ?? { writable: undefined, log: undefined };
      const rootfsBytes = writable === undefined ? undefined : sizes.get(writable);
      const logsBytes =
        log === undefined
          ? undefined
          : await stat(log).then(
              ({ size }) => size,
              () => undefined,
            );
      return {
        id: Id,
        pod: podOf(Labels),
        name: Labels[LABEL.container] ?? '',
        ...(await cgroupUsage(Id)),
        ...(rootfsBytes === undefined ? {} : { rootfsBytes }),
        ...(logsBytes === undefined ? {} : { logsBytes }),
      };
    });
    const machine = await machineStats();
    return {
      ...machine,
      imagefs: await filesystemOf(await this.#rootFolder()),
      containers: await Promise.all(containers),
    };
  }

  async #pathsOf(id: string): Promise<Paths> {
    const known = this.#paths.get(id);
    if (known !== undefined) return known;
    const found = await this.#queries.find(id);
    const data = (found as (ContainerInspectInfo & { GraphDriver?: { Data?: { UpperDir?: string } } }) | undefined)
      ?.GraphDriver?.Data;
    const paths = { writable: data?.UpperDir, log: found?.LogPath || undefined };
    if (found !== undefined) this.#paths.set(id, paths);
    return paths;
  }

  /** Where the engine keeps its data; on another machine, or for a user who may not see it, the root of this one stands for it. */
  async #rootFolder(): Promise<string> {
    this.#root ??= this.#findRoot().catch((error: unknown) => {
      this.#root = undefined;
      throw error;
    });
    return this.#root;
  }

  async #findRoot(): Promise<string> {
    const act = 'get information about the engine';
    const { DockerRootDir } = (await this.#queries.read(act, () => this.#engine.info())) as { DockerRootDir: string };
    return filesystemOf(DockerRootDir).then(
      () => DockerRootDir,
      () => '/',
    );
  }
}
