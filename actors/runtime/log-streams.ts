import type { LogLine, LogLines } from '../../contracts/messages/logs.ts';
import type { RuntimeAdapter } from '../../contracts/runtime/adapter.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';

/** A stream ends this long after the last request to follow the log. */
export const LOG_LEASE_MS = 30_000;
const BATCH_MS = 50;
const BATCH_BYTES = 64 * 1024;
const BATCH_LINES = 1000;

type Source = Pick<ContainerStatus, 'id' | 'pod' | 'name'>;

interface LogStreamsOptions {
  readonly adapter: RuntimeAdapter;
  readonly publish: (source: Source, lines: LogLines) => void;
  readonly report: (key: string, error: unknown) => void;
  readonly leaseMs?: number;
}

/** Publishes the live output of containers whose logs are followed: one stream per container, however many clients follow. */
export class LogStreams {
  readonly #options: LogStreamsOptions;
  readonly #streams = new Map<string, LogStream>();

  constructor(options: LogStreamsOptions) {
    this.#options = options;
  }

  /** Starts the container's stream, or extends its lease. @param sinceTime  only lines later than this; absent: all */
  extend(source: Source, sinceTime: string | undefined): void {
    const running = this.#streams.get(source.id);
    if (running !== undefined) {
      running.extend();
      return;
    }
    const stream = new LogStream(this.#options, source, sinceTime);
    this.#streams.set(source.id, stream);
    void stream.done.finally(() => this.#streams.delete(source.id));
  }

  async stop(): Promise<void> {
    const open = [...this.#streams.values()];
    for (const stream of open) stream.stop();
    await Promise.all(open.map(({ done }) => done));
  }
}

class LogStream {
  readonly done: Promise<void>;
  readonly #options: LogStreamsOptions;
  readonly #source: Source;
  readonly #abort = new AbortController();
  #lease: NodeJS.Timeout | undefined;
  #batch: LogLine[] = [];
  #bytes = 0;
  #flushing: NodeJS.Timeout | undefined;

  constructor(options: LogStreamsOptions, source: Source, sinceTime: string | undefined) {
    this.#options = options;
    this.#source = source;
    this.extend();
    this.done = this.#follow(sinceTime);
  }

  extend(): void {
    clearTimeout(this.#lease);
    this.#lease = setTimeout(() => this.stop(), this.#options.leaseMs ?? LOG_LEASE_MS);
  }
  stop(): void {
    this.#abort.abort();
  }

  async #follow(sinceTime: string | undefined): Promise<void> {
    const { signal } = this.#abort;
    const from = sinceTime === undefined ? { signal } : { signal, sinceTime };
    try {
      await this.#options.adapter.followLogs(this.#source.id, from, (line) => this.#add(line));
      this.#flush(signal.aborted ? {} : { ended: true });
    } catch (error) {
      this.#flush({});
      this.#options.report(`${this.#source.pod.namespace}/${this.#source.pod.name}/${this.#source.name}`, error);
    } finally {
      clearTimeout(this.#lease);
    }
  }

  #add(line: LogLine): void {
    this.#batch.push(line);
    this.#bytes += Buffer.byteLength(line.text);
    if (this.#bytes >= BATCH_BYTES || this.#batch.length >= BATCH_LINES) this.#flush({});
    else this.#flushing ??= setTimeout(() => this.#flush({}), BATCH_MS);
  }

  #flush(end: { readonly ended?: true }): void {
    clearTimeout(this.#flushing);
    this.#flushing = undefined;
    if (this.#batch.length === 0 && end.ended === undefined) return;
    const lines = this.#batch;
    this.#batch = [];
    this.#bytes = 0;
    this.#options.publish(this.#source, { lines, ...end });
  }
}
