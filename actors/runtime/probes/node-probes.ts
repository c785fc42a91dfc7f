import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { PodProbes, PodProbesConfig, ProbeConfig, ProbeOutcome } from '../../../contracts/runtime/probes.ts';
import { type Count, countResult, newCount } from './plan-outcome.ts';

export interface PodProbesParts {
  /** Makes one probe. @returns the message of a failure; `undefined` for a success. Never rejects */
  readonly probe: (config: ProbeConfig) => Promise<string | undefined>;
  /** The outcome of a probe of this pod changed. */
  readonly changed: (podUid: string) => void;
}

/** Runs the probes of a node's pods as it was told. Decides nothing: it counts results against thresholds. */
export class NodeProbes {
  readonly #parts: PodProbesParts;
  readonly #pods = new Map<string, { readonly config: PodProbesConfig; readonly loops: readonly ProbeLoop[] }>();

  constructor(parts: PodProbesParts) {
    this.#parts = parts;
  }

  list(): readonly PodProbes[] {
    return [...this.#pods.values()].map(({ config: { pod, version }, loops }) => ({
      pod,
      version,
      outcomes: loops.map(({ outcome }) => outcome).filter(({ result, failing }) => (result ?? failing) !== undefined),
    }));
  }

  /** Replaces the probes of a pod; those that stay the same go on, with what they found out. */
  set(config: PodProbesConfig): void {
    const { uid } = config.pod;
    const before = [...(this.#pods.get(uid)?.loops ?? [])];
    const loops = config.probes.map((probe) => {
      const at = before.findIndex((loop) => sameJson(loop.config, probe));
      const [same] = at < 0 ? [] : before.splice(at, 1);
      return same ?? new ProbeLoop(probe, this.#parts.probe, () => this.#parts.changed(uid));
    });
    for (const loop of before) loop.stop();
    if (loops.length === 0) this.#pods.delete(uid);
    else this.#pods.set(uid, { config, loops });
  }

  stop(): void {
    for (const { loops } of this.#pods.values()) for (const loop of loops) loop.stop();
    this.#pods.clear();
  }
}

class ProbeLoop {
  readonly config: ProbeConfig;
  readonly #probe: PodProbesParts['probe'];
  readonly #changed: () => void;
  #count: Count;
  #timer: NodeJS.Timeout;
  #stopped = false;

  constructor(config: ProbeConfig, probe: PodProbesParts['probe'], changed: () => void) {
    this.config = config;
    this.#probe = probe;
    this.#changed = changed;
    this.#count = newCount(config);
    this.#timer = this.#in(Math.max(0, config.firstAt - Date.now()));
  }

  get outcome(): ProbeOutcome {
    return this.#count.outcome;
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #in(delayMs: number): NodeJS.Timeout {
    return setTimeout(() => void this.#round(), Math.min(delayMs, 2 ** 31 - 1));
  }

  async #round(): Promise<void> {
    const begun = Date.now();
    const failure = await this.#probe(this.config);
    if (this.#stopped) return;
    const before = this.#count.outcome;
    this.#count = countResult(this.#count, this.config, failure);
    this.#timer = this.#in(Math.max(0, begun + this.config.periodMs - Date.now()));
    if (!sameJson(before, this.#count.outcome)) this.#changed();
  }
}
