import { jetstream, type JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { token } from '../../contracts/subjects/token.ts';

export interface LeaseOptions {
  readonly prefix: string;
  /** Age at which the leases bucket drops a lease that was not renewed. */
  readonly ttlMs: number;
  /** Resolves once this process's cache has reached a revision. */
  readonly reached: (revision: number) => Promise<unknown>;
  /** Asked before an epoch is written; throws while the store may not be written to: it went back in time. */
  readonly mayWrite?: () => void;
  /** Newest epoch of an actor that this process knows. */
  readonly newestEpoch?: (actor: string) => number;
}

const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    const timer = setTimeout(done, ms);
    function done(): void {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    }
    signal.addEventListener('abort', done);
    if (signal.aborted) done();
  });

/**
 * One instance acts, others stand by. The lease is a key that expires; taking it writes a new epoch into the objects
 * bucket, whose revision fences every request of an earlier holder.
 * @param acting starts the actor under an epoch and gives how to stop it
 */
export function holdLease(
  connection: NatsConnection,
  actor: string,
  instance: string,
  options: LeaseOptions,
  hooks: {
    readonly acting: (epoch: number) => Promise<{ stop(): Promise<void> }>;
    readonly log: (line: string) => void;
  },
): { stop(): Promise<void> } {
  const abort = new AbortController();
  const { signal } = abort;
  const key = token(actor);

  const loop = async (): Promise<void> => {
    // So short that who is cut off stops before the lease runs out, see `renew`.
    const js = jetstream(connection, { timeout: options.ttlMs / 8 });
    let failures = 0;
    while (!signal.aborted) {
      try {
        const leases = await new Kvm(js).open(bucketNames(options.prefix).leases);
        const revision = await takeLease(leases, key, instance);
        failures = 0;
        if (revision === undefined) {
          await sleep(options.ttlMs / 5, signal);
          continue;
        }
        options.mayWrite?.();
        const epoch = await writeEpoch(js, options.prefix, actor, instance);
        const running = await hooks.acting(epoch);
        let held: number | undefined;
        try {
          held = await renew(leases, revision, epoch);
        } finally {
          await running.stop();
        }
        // Given back only now: two must not act at once.
        if (held !== undefined) await leases.purge(key, { previousSeq: held }).catch(() => undefined);
        if (!signal.aborted) hooks.log(`warning: ${actor} on ${instance} lost its lease; standing by`);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        if (failures % 10 === 1)
          hooks.log(`warning: lease of ${actor}: ${error instanceof Error ? error.message : String(error)}`);
        await sleep(Math.min(2_000, 50 * 2 ** Math.min(failures, 6)), signal);
      }
    }
  };

  /**
   * Returns when the lease is lost, or is to be given back: then with its revision. That is also when a newer epoch was
   * written, by whomever: what this one asks would be refused for ever.
   */
  const renew = async (leases: KV, first: number, epoch: number): Promise<number | undefined> => {
    let revision = first;
    let renewedAt = performance.now();
    while (!signal.aborted) {
      await sleep(options.ttlMs / 4, signal);
      if (signal.aborted || (options.newestEpoch?.(actor) ?? 0) > epoch) break;
      try {
        revision = await leases.update(key, instance, revision);
        renewedAt = performance.now();
      } catch (error) {
        const held = isConflict(error) ? await heldBy(leases, key, instance) : undefined;
        if (held !== undefined) {
          // The renewal before was taken, only its answer came too late.
          revision = held;
          renewedAt = performance.now();
        } else if (isConflict(error) || performance.now() - renewedAt >= options.ttlMs * 0.75) return undefined;
      }
    }
    return revision;
  };

  const ended = loop();
  return {
    stop: async () => {
      abort.abort();
      await ended;
    },
  };
}

const isConflict = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 10071 || /wrong last sequence/.test(String(error));

async function takeLease(leases: KV, key: string, instance: string): Promise<number | undefined> {
  try {
    return await leases.create(key, instance);
  } catch (error) {
    if (!isConflict(error)) throw error;
    // Our own lease of a moment ago: this process came back faster than it expired.
    const held = await heldBy(leases, key, instance);
    return held === undefined ? undefined : await leases.update(key, instance, held);
  }
}

/** @returns the lease's revision if it is this instance's; names of instances are unique */
async function heldBy(leases: KV, key: string, instance: string): Promise<number | undefined> {
  const held = await leases.get(key);
  return held !== null && held.operation === 'PUT' && held.string() === instance ? held.revision : undefined;
}

/** The sequence of this write is the epoch: it rises with every new holder. */
async function writeEpoch(js: JetStreamClient, prefix: string, actor: string, instance: string): Promise<number> {
  const subject = `$KV.${bucketNames(prefix).objects}.${storeKey('epochs', undefined, actor)}`;
  const body = { apiVersion: 'troupe.io/v1', kind: 'Epoch', metadata: { name: actor }, holder: instance };
  const ack = await js.publish(subject, JSON.stringify(body), { timeout: 5_000 });
  return ack.seq;
}
