import { statusError } from '../../contracts/errors/status.ts';
import type { NodeUsage } from '../../contracts/messages/metrics.ts';
import type { NodeStats } from '../../contracts/runtime/stats.ts';
import { nodeUsage } from './node-usage.ts';

const EVERY_MS = 10_000;
/** The second sample comes sooner: without it there is no CPU figure. */
const SECOND_MS = 1_000;

export interface UsageSamplesParts {
  readonly node: string;
  readonly everyMs?: number;
  readonly read: () => Promise<NodeStats>;
  readonly publish: (sample: NodeUsage) => void;
  readonly report: (error: unknown) => void;
}

/** Samples what the node uses, again and again, until `stop`. */
export class UsageSamples {
  readonly #parts: UsageSamplesParts;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  #stats: NodeStats | undefined;
  #newest: NodeUsage | undefined;

  constructor(parts: UsageSamplesParts) {
    this.#parts = parts;
    this.#next(Math.min(SECOND_MS, parts.everyMs ?? EVERY_MS));
  }

  /** @throws StatusError ServiceUnavailable before the first sample */
  newest(): Promise<NodeUsage> {
    if (this.#newest !== undefined) return Promise.resolve(this.#newest);
    return Promise.reject(statusError('ServiceUnavailable', 'metrics not available yet'));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #next(ms: number): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => void this.#sample(), ms);
    this.#timer.unref();
  }

  async #sample(): Promise<void> {
    const { node, read, publish, report, everyMs = EVERY_MS } = this.#parts;
    const first = this.#stats === undefined;
    try {
      const stats = await read();
      if (this.#stopped) return;
      this.#newest = nodeUsage(node, stats, this.#stats);
      this.#stats = stats;
      publish(this.#newest);
    } catch (error) {
      report(error); // a machine without figures is not evicted from
    }
    this.#next(first ? Math.min(SECOND_MS, everyMs) : everyMs);
  }
}
