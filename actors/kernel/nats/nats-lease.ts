import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { type Token, token } from '../../../contracts/subjects/token.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import { findingOf } from './nats-error-text.ts';
import { giveLeaseBack, hasTwin, renewLease, takeLease, writeEpoch } from './nats-lease-record.ts';

export interface LeaseOptions {
  readonly prefix: string;
  /** Age at which the leases bucket drops a lease that was not renewed. */
  readonly ttlMs: number;
  /** Resolves once this process's cache has reached a revision. */
  readonly reached: (revision: number) => Promise<unknown>;
  /** Called before an epoch is written; throws while the store must not be written to because it went back in time. */
  readonly mayWrite?: () => void;
  /** Newest epoch of an actor that this process knows. */
  readonly newestEpoch?: (actor: string) => number;
}

export interface LeaseHooks {
  /** Starts the actor under an epoch; the result stops it at once. */
  readonly acting: (epoch: number) => Promise<{ stop(): Promise<void> }>;
  readonly log: (line: string) => void;
  /** Waits for an answer of the broker, but not longer than is reasonable while the process stops. */
  readonly soon: (act: Promise<unknown>) => Promise<void>;
}

/**
 * Share of the lease's age for which its holder acts, counted from before the lease was requested. The store counts from
 * when the request arrived, which is later; the rest of the age is left for stopping.
 */
const ACTING_SHARE = 0.75;

/**
 * A lease of another instance that stays unchanged for this many times its age counts as expired even if the store has not
 * dropped it: the server expires by its wall clock, which may have been set back. Holders renew four times per age.
 */
const EXPIRED_AFTER_AGES = 1.5;

const TO_A_TWIN =
  ' to another process with the same instance name: start one of them with a TROUPE_INSTANCE of its own';

/** A lease that is held or seen: its revision, and a moment (`performance.now()`) at or before its request or sighting. */
interface Held {
  readonly revision: number;
  readonly since: number;
}

const sleep = (ms: number, ...signals: readonly AbortSignal[]): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', done);
      resolve();
    }
    for (const signal of signals) signal.addEventListener('abort', done);
    if (signals.some(({ aborted }) => aborted)) done();
  });

/** Starts a `LeaseHolder`. */
export const holdLease = (
  connection: NatsConnection,
  actor: string,
  instance: string,
  options: LeaseOptions,
  hooks: LeaseHooks,
): LeaseHolder => new LeaseHolder(connection, actor, instance, options, hooks);

/**
 * Elects one acting instance of a singleton actor; the other instances stand by. The lease is a key that expires. Taking it
 * writes a new epoch into the objects bucket; the revision of that write fences off all requests of an earlier holder.
 */
export class LeaseHolder {
  readonly #connection: NatsConnection;
  readonly #actor: string;
  readonly #key: Token;
  readonly #instance: string;
  readonly #options: LeaseOptions;
  readonly #hooks: LeaseHooks;
  readonly #abort = new AbortController();
  readonly #ended: Promise<void>;
  /** The actor runs, so it has to be stopped. */
  #acts = false;
  /** The other instance's lease, as it was first seen under its present revision. */
  #seen: Held | undefined;
  /** Attempts in a row that failed. */
  #failures = 0;

  constructor(connection: NatsConnection, actor: string, instance: string, options: LeaseOptions, hooks: LeaseHooks) {
    this.#connection = connection;
    this.#actor = actor;
    this.#key = token(actor);
    this.#instance = instance;
    this.#options = options;
    this.#hooks = hooks;
    this.#ended = this.#run();
  }

  /** Resolves once the actor is stopped and the lease is given back; the latter only as far as the broker answers. */
  async stop(): Promise<void> {
    this.#abort.abort();
    await (this.#acts ? this.#ended : this.#hooks.soon(this.#ended));
  }

  get #stopping(): boolean {
    return this.#abort.signal.aborted;
  }

  async #run(): Promise<void> {
    // Short enough that a renewal is tried more than once before the holder must stop; see `#renewUntilOver`.
    const js = jetstream(this.#connection, { timeout: this.#options.ttlMs / 8 });
    while (!this.#stopping) {
      try {
        await this.#takeAndAct(js);
      } catch (error) {
        this.#acts = false;
        if (this.#stopping) return;
        await this.#waitAfterFailure(error);
      }
    }
  }

  /** One attempt: takes the lease, runs the actor until the lease is over, and gives the lease back. */
  async #takeAndAct(js: JetStreamClient): Promise<void> {
    const { ttlMs, prefix } = this.#options;
    const leases = await new Kvm(js).open(bucketNames(prefix).leases);
    const since = performance.now();
    const revision = await takeLease(leases, this.#key, this.#instance, (seen) => this.#isExpired(seen));
    this.#failures = 0;
    if (revision === undefined) return sleep(ttlMs / 5, this.#abort.signal);
    const epoch = this.#stopping ? undefined : await this.#beginEpoch(js);
    if (epoch === undefined || this.#stopping) return this.#giveBack(leases, revision);
    // After such a delay another instance may have taken the lease already.
    if (this.#leftMs({ revision, since }) <= 0) throw new Error('it took too long to begin');
    const held = await this.#act(leases, { revision, since }, epoch);
    // Given back only after the actor has stopped, so that two instances never act at once.
    if (held !== undefined) await this.#giveBack(leases, held, this.#isFollowed(epoch) ? undefined : this.#instance);
    if (!this.#stopping) await this.#reportLoss(js, epoch, held !== undefined);
  }

  /** Writes a new epoch. @returns the epoch, once this process's cache has reached it */
  async #beginEpoch(js: JetStreamClient): Promise<number> {
    const { mayWrite, prefix, ttlMs, reached } = this.#options;
    mayWrite?.();
    const epoch = await writeEpoch(js, prefix, this.#actor, this.#instance, ttlMs / 2);
    await reached(epoch);
    return epoch;
  }

  /** Runs the actor for as long as the lease is held. @returns as `#renewUntilOver` */
  async #act(leases: KV, taken: Held, epoch: number): Promise<number | undefined> {
    this.#acts = true;
    const running = await this.#hooks.acting(epoch);
    try {
      return await this.#renewUntilOver(leases, taken, epoch);
    } finally {
      await running.stop();
      this.#acts = false;
    }
  }

  /**
   * Renews the lease until it is lost or must be given back. It must be given back when this process stops, and when a newer
   * epoch was written: all further requests under this epoch would be refused.
   * @returns the revision of a lease that must be given back; `undefined` when the lease is lost
   */
  async #renewUntilOver(leases: KV, taken: Held, epoch: number): Promise<number | undefined> {
    const { ttlMs } = this.#options;
    let held = taken;
    let firstUnanswered: number | undefined;
    let pauseMs = ttlMs / 4;
    for (;;) {
      await sleep(Math.min(pauseMs, this.#leftMs(held)), this.#abort.signal);
      if (this.#stopping || this.#isFollowed(epoch)) return held.revision;
      if (this.#leftMs(held) <= 0) return undefined;
      const since = performance.now();
      const answer = await this.#renewOnce(leases, held);
      if (answer === 'lost') return undefined;
      pauseMs = ttlMs / 8;
      if (answer === 'unknown') {
        firstUnanswered ??= since;
        continue;
      }
      // An earlier renewal may be any of those without an answer, so the lease counts from the first of them; then the next
      // renewal follows at once.
      const isNew = answer.stored === 'now';
      held = { revision: answer.revision, since: isNew ? since : (firstUnanswered ?? held.since) };
      firstUnanswered = undefined;
      pauseMs = isNew ? ttlMs / 4 : 0;
    }
  }

  /** As `renewLease`, but gives up when the lease's time is over or `stop` is called. */
  async #renewOnce(leases: KV, held: Held): ReturnType<typeof renewLease> {
    const answered = new AbortController(); // a timer left running would keep the process alive
    const answer = await Promise.race([
      renewLease(leases, this.#key, this.#instance, held.revision),
      sleep(this.#leftMs(held), answered.signal, this.#abort.signal).then(() => 'unknown' as const),
    ]);
    answered.abort();
    return answer;
  }

  async #giveBack(leases: KV, revision: number, instance?: string): Promise<void> {
    await this.#hooks.soon(giveLeaseBack(leases, this.#key, revision, instance));
  }

  /** @param wasFollowed a newer epoch was written */
  async #reportLoss(js: JetStreamClient, epoch: number, wasFollowed: boolean): Promise<void> {
    const [actor, instance] = [this.#actor, this.#instance];
    const twin = wasFollowed && (await hasTwin(js, this.#options.prefix, actor, instance, epoch).catch(() => false));
    this.#hooks.log(`warning: ${actor} on ${instance} lost its lease${twin ? TO_A_TWIN : ''}; standing by`);
  }

  async #waitAfterFailure(error: unknown): Promise<void> {
    this.#failures += 1;
    if (this.#failures % 10 === 1)
      this.#hooks.log(`warning: lease of ${this.#actor}: ${findingOf(error)}; trying again`);
    await sleep(doubled(50, this.#failures, 2_000), this.#abort.signal);
  }

  /** Milliseconds for which the holder may still act. */
  #leftMs({ since }: Held): number {
    return since + this.#options.ttlMs * ACTING_SHARE - performance.now();
  }

  /** Has another instance's lease been seen unchanged for so long that its holder has certainly stopped? */
  #isExpired(revision: number): boolean {
    if (this.#seen?.revision !== revision) this.#seen = { revision, since: performance.now() };
    return performance.now() - this.#seen.since > this.#options.ttlMs * EXPIRED_AFTER_AGES;
  }

  #isFollowed(epoch: number): boolean {
    return (this.#options.newestEpoch?.(this.#actor) ?? 0) > epoch;
  }
}
