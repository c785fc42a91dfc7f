import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import { limitConcurrency } from '../concurrency-limit.ts';
import { containerStatus } from './container-status.ts';
import { callEngine, type Engine, engineCode, engineError } from './engine.ts';
import { notFound } from './operation-errors.ts';

const READ_MS = 30_000;
const READS_AT_ONCE = 16;

/** Lists and inspects the engine's containers. */
export class ContainerQueries {
  readonly #engine: Engine;
  /** The last `inspect` of each container: valid until the engine lists it in another state. */
  readonly #known = new Map<string, { readonly state: string; readonly status: ContainerStatus }>();
  /** Limits reads of all kinds. */
  readonly atOnce = limitConcurrency(READS_AT_ONCE);

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async read<T>(act: string, work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.atOnce(() => callEngine(act, READ_MS, work));
    } catch (error) {
      throw engineError(act, error);
    }
  }

  list(act: string, label: string[]): Promise<ContainerInfo[]> {
    return this.read(act, (abortSignal) => this.#engine.listContainers({ all: true, filters: { label }, abortSignal }));
  }

  /** Inspects a container, by id or name. @returns `undefined` when there is none */
  async find(id: string): Promise<ContainerInspectInfo | undefined> {
    const act = `inspect container ${id}`;
    try {
      return await this.atOnce(() =>
        callEngine(act, READ_MS, (abortSignal) => this.#engine.getContainer(id).inspect({ abortSignal })),
      );
    } catch (error) {
      if (engineCode(error) === 404) return undefined;
      throw engineError(act, error);
    }
  }

  /** Like `find`. @throws StatusError NotFound */
  async needed(id: string): Promise<ContainerInspectInfo> {
    const found = await this.find(id);
    if (found === undefined) throw notFound(id);
    return found;
  }

  /** The status of a listed container. @returns `undefined` when it has been removed since */
  async statusOf(entry: ContainerInfo): Promise<ContainerStatus | undefined> {
    const known = this.#known.get(entry.Id);
    if (known?.state === entry.State) return known.status;
    const found = await this.find(entry.Id);
    return found === undefined ? undefined : this.remember(found);
  }

  remember(found: ContainerInspectInfo): ContainerStatus {
    const status = containerStatus(found);
    this.#known.set(found.Id, { state: found.State.Status, status });
    return status;
  }

  forget(id: string): void {
    this.#known.delete(id);
  }

  forgetAllBut(ids: ReadonlySet<string>): void {
    for (const id of this.#known.keys()) if (!ids.has(id)) this.#known.delete(id);
  }
}
