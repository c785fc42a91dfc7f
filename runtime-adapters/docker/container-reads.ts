import type { ContainerInfo, ContainerInspectInfo } from 'dockerode';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import { limitConcurrency } from '../limit.ts';
import { containerStatus } from './container-status.ts';
import { callEngine, type Engine, engineCode, engineRefusal } from './engine.ts';
import { absent } from './refusals.ts';

const READ_MS = 30_000;
const READS_AT_ONCE = 16;

/** What the engine says of its containers. */
export class ContainerReads {
  readonly #engine: Engine;
  /** The last `inspect` of each container: good until the engine lists it in another state. */
  readonly #known = new Map<string, { readonly state: string; readonly status: ContainerStatus }>();
  /** Reads of any kind, not too many at once. */
  readonly atOnce = limitConcurrency(READS_AT_ONCE);

  constructor(engine: Engine) {
    this.#engine = engine;
  }

  async read<T>(act: string, work: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await this.atOnce(() => callEngine(act, READ_MS, work));
    } catch (error) {
      throw engineRefusal(act, error);
    }
  }

  list(act: string, label: string[]): Promise<ContainerInfo[]> {
    return this.read(act, (abortSignal) => this.#engine.listContainers({ all: true, filters: { label }, abortSignal }));
  }

  /** @returns `undefined` when there is none */
  async find(id: string): Promise<ContainerInspectInfo | undefined> {
    const act = `inspect container ${id}`;
    try {
      return await this.atOnce(() =>
        callEngine(act, READ_MS, (abortSignal) => this.#engine.getContainer(id).inspect({ abortSignal })),
      );
    } catch (error) {
      if (engineCode(error) === 404) return undefined;
      throw engineRefusal(act, error);
    }
  }

  /** @throws StatusError NotFound */
  async needed(id: string): Promise<ContainerInspectInfo> {
    const found = await this.find(id);
    if (found === undefined) throw absent(id);
    return found;
  }

  /** @returns `undefined` for one that is gone since it was listed */
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
