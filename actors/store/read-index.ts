import type { StreamInfo } from '@nats-io/jetstream';
import type { Msg, NatsConnection, Subscription } from 'nats';
import { ArrivedMessage } from '../kernel/nats/nats-arrived.ts';
import { guarded } from '../kernel/nats/nats-callback.ts';
import { SharedQuestion } from './shared-question.ts';

/** What is asked of the stream. */
export type StreamFacts = Pick<StreamInfo, 'created' | 'state' | 'config' | 'cluster'>;

export interface ReadIndexOptions {
  readonly connection: NatsConnection;
  readonly stream: string;
  /** Where the stream's changes are republished, as its configuration says it. */
  readonly changes: string;
  /** Subjects that together have every change, and as little else as can be. */
  readonly subjects: readonly string[];
  /** Newest message that the feed of the cache has delivered. */
  readonly fed: () => number;
  /** Asks the stream's leader, who is never behind what was acknowledged. */
  readonly ask: () => Promise<StreamFacts>;
  readonly report: (error: unknown) => void;
}

/** While reads come, the stream is asked this often though no read waits for it: it may have been put back, or configured anew. */
const ASK_EVERY_MS = 1_000;

/**
 * The revision that a read must have seen to have all that was acknowledged before it was asked for.
 *
 * A server tells its connections of a change before it acknowledges the write, and each of them in that order. So whoever
 * knows of a write and asks for a read of it, asks after its change has arrived here, and nobody need be asked. Servers of
 * a cluster pass changes and questions on by ways of their own; there the stream is asked, once for all that wait.
 */
export class ReadIndex {
  readonly #options: ReadIndexOptions;
  readonly #question: SharedQuestion<number>;
  readonly #subscriptions: readonly Subscription[];
  /** The stream's last revision at a moment since which every change has arrived here; absent while there was none. */
  #since: number | undefined;
  /** Newest change that has arrived on this connection. */
  #arrived = 0;
  /** How often the connection was lost. */
  #losses = 0;
  /** This user may not listen to changes. */
  #deaf = false;
  #askedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ReadIndexOptions) {
    this.#options = options;
    this.#question = new SharedQuestion(() => this.#ask());
    const callback = guarded(
      (error, message) => (error === null ? this.#hear(message) : this.#refused(error)),
      (failure) => options.report(failure),
    );
    this.#subscriptions = options.subjects.map((subject) => options.connection.subscribe(subject, { callback }));
    this.#follow().catch(options.report);
  }

  /** How many questions were asked. */
  get asked(): number {
    return this.#question.asked;
  }

  /** Rejects with what `ask` does. */
  async revision(): Promise<number> {
    const known = this.#known();
    if (known === undefined) return this.#question.answer();
    if (performance.now() - this.#askedAt >= ASK_EVERY_MS) {
      this.#askedAt = performance.now();
      this.#question.answer().catch(this.#options.report);
    }
    return known;
  }

  close(): void {
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #known(): number | undefined {
    if (this.#since === undefined) return undefined;
    const newest = Math.max(this.#since, this.#arrived);
    return this.#options.fed() > newest ? undefined : newest;
  }

  async #ask(): Promise<number> {
    const losses = this.#losses;
    const arrivedBefore = this.#arrived;
    this.#askedAt = performance.now();
    const facts = await this.#options.ask();
    const last = facts.state.last_seq;
    if (losses !== this.#losses) return last;
    if (last < arrivedBefore) this.#arrived = 0; // the stream went back
    this.#since = !this.#deaf && this.#toldBeforeAcknowledged(facts) ? last : undefined;
    return last;
  }

  #toldBeforeAcknowledged({ config, cluster }: StreamFacts): boolean {
    const server = this.#options.connection.info;
    const isAlone = server !== undefined && !server.cluster && !cluster?.name && cluster?.leader === server.server_name;
    return isAlone && config.republish?.dest === this.#options.changes;
  }

  #hear(message: Msg): void {
    const named = new ArrivedMessage(message).headers?.named;
    if (named?.['Nats-Stream'] !== this.#options.stream) return;
    const sequence = Number(named['Nats-Sequence']);
    if (sequence <= this.#arrived) this.#since = undefined; // the stream went back
    this.#arrived = sequence;
  }

  #refused(error: Error): void {
    this.#deaf = true;
    this.#since = undefined;
    this.#options.report(error);
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#options.connection.status()) {
      if (type !== 'disconnect') continue;
      this.#losses++;
      this.#since = undefined;
      this.#arrived = 0;
    }
  }
}
