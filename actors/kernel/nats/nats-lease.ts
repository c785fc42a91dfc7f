import { type JetStreamClient, jetstream } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import type { NatsConnection } from 'nats';
import { bucketNames, keySubject } from '../../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import { token } from '../../../contracts/subjects/token.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import { findingOf } from './nats-error-text.ts';

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

/**
 * Who holds a lease acts for this part of it, counted from before the holding was asked for: the store counts from when it
 * heard of it, which is later, so that the rest is left for stopping.
 */
const MAY_ACT = 0.75;

/**
 * A lease that somebody else holds and that was seen unchanged for this many times its age is over, though the store has
 * not dropped it: the server counts by its wall clock, which may have been set back. Holders renew it four times an age.
 */
const OVER = 1.5;

const TO_A_TWIN = ' to another process that calls itself so too: start one of them with a TROUPE_INSTANCE of its own';

/** A lease that is held: its revision, and the moment before which it was not asked for, or seen, by `performance.now()`. */
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

/**
 * One instance acts, others stand by. The lease is a key that expires; taking it writes a new epoch into the objects
 * bucket, whose revision fences every request of an earlier holder.
 * @param hooks `acting` starts the actor under an epoch and gives how to stop it, at once
 */
export function holdLease(
  connection: NatsConnection,
  actor: string,
  instance: string,
  options: LeaseOptions,
  hooks: {
    readonly acting: (epoch: number) => Promise<{ stop(): Promise<void> }>;
    readonly log: (line: string) => void;
    /** Waits for what only the broker can say, as long as that makes sense. */
    readonly soon: (act: Promise<unknown>) => Promise<void>;
  },
): { stop(): Promise<void> } {
  const abort = new AbortController();
  const { signal } = abort;
  /** Something runs that has to be stopped. */
  let acts = false;
  const key = token(actor);
  const leftMs = ({ since }: Held): number => since + options.ttlMs * MAY_ACT - performance.now();
  let seen: Held | undefined;
  const isOver = (revision: number): boolean => {
    if (seen?.revision !== revision) seen = { revision, since: performance.now() };
    return performance.now() - seen.since > options.ttlMs * OVER;
  };
  const isFollowed = (epoch: number): boolean => (options.newestEpoch?.(actor) ?? 0) > epoch;

  const loop = async (): Promise<void> => {
    // So short that a renewal is tried more than once before its holder must stop, see `renew`.
    const js = jetstream(connection, { timeout: options.ttlMs / 8 });
    let failures = 0;
    while (!signal.aborted) {
      try {
        const leases = await new Kvm(js).open(bucketNames(options.prefix).leases);
        const since = performance.now();
        const revision = await takeLease(leases, key, instance, isOver);
        failures = 0;
        if (revision === undefined) {
          await sleep(options.ttlMs / 5, signal);
          continue;
        }
        const epoch = signal.aborted ? undefined : await begin(js);
        if (epoch === undefined || signal.aborted) {
          await hooks.soon(giveBack(leases, key, revision));
          return;
        }
        // Whoever took so long may have been followed by another already.
        if (leftMs({ revision, since }) <= 0) throw new Error('it took too long to begin');
        acts = true;
        const running = await hooks.acting(epoch);
        let held: number | undefined;
        try {
          held = await renew(leases, { revision, since }, epoch);
        } finally {
          await running.stop();
          acts = false;
        }
        // Given back only now: two must not act at once.
        if (held !== undefined) await hooks.soon(giveBack(leases, key, held, isFollowed(epoch) ? undefined : instance));
        if (signal.aborted) return;
        const followed = held !== undefined; // a newer epoch was written
        const twin = followed && (await hasTwin(js, options.prefix, actor, instance, epoch).catch(() => false));
        hooks.log(`warning: ${actor} on ${instance} lost its lease${twin ? TO_A_TWIN : ''}; standing by`);
      } catch (error) {
        acts = false;
        if (signal.aborted) return;
        failures += 1;
        if (failures % 10 === 1) hooks.log(`warning: lease of ${actor}: ${findingOf(error)}; trying again`);
        await sleep(doubled(50, failures, 2_000), signal);
      }
    }
  };

  /** @returns the epoch, which this process's cache has reached */
  const begin = async (js: JetStreamClient): Promise<number> => {
    options.mayWrite?.();
    const epoch = await writeEpoch(js, options.prefix, actor, instance, options.ttlMs / 2);
    await options.reached(epoch);
    return epoch;
  };

  /**
   * Returns when the lease is lost, or is to be given back: then with its revision. That is also when a newer epoch was
   * written, by whomever: what this one asks would be refused for ever.
   */
  const renew = async (leases: KV, taken: Held, epoch: number): Promise<number | undefined> => {
    let held = taken;
    let firstUnanswered: number | undefined;
    let pauseMs = options.ttlMs / 4;
    for (;;) {
      await sleep(Math.min(pauseMs, leftMs(held)), signal);
      if (signal.aborted || isFollowed(epoch)) return held.revision;
      if (leftMs(held) <= 0) return undefined;
      const since = performance.now();
      const answered = new AbortController(); // a timer that is left would keep a process that ends
      const answer = await Promise.race([
        renewLease(leases, key, instance, held.revision),
        sleep(leftMs(held), answered.signal, signal).then(() => 'unknown' as const),
      ]);
      answered.abort();
      if (answer === 'lost') return undefined;
      pauseMs = options.ttlMs / 8;
      if (answer === 'unknown') {
        firstUnanswered ??= since;
        continue;
      }
      // A renewal that was found stored is any of those without an answer; then the next one comes at once.
      const isNew = answer.stored === 'now';
      held = { revision: answer.revision, since: isNew ? since : (firstUnanswered ?? held.since) };
      firstUnanswered = undefined;
      pauseMs = isNew ? options.ttlMs / 4 : 0;
    }
  };

  const ended = loop();
  return {
    stop: async () => {
      abort.abort();
      await (acts ? ended : hooks.soon(ended)); // who is still taking the lease waits for the broker's answers
    },
  };
}

/**
 * @returns the revision, and whether this renewal was stored or one `earlier`, whose answer came too late; `lost`: somebody
 * else's, or nobody's; `unknown`: no answer
 */
async function renewLease(
  leases: KV,
  key: string,
  instance: string,
  revision: number,
): Promise<{ readonly revision: number; readonly stored: 'now' | 'earlier' } | 'lost' | 'unknown'> {
  try {
    return { revision: await leases.update(key, instance, revision), stored: 'now' };
  } catch (error) {
    if (!isConflict(error)) return 'unknown';
  }
  try {
    const found = await heldBy(leases, key, instance);
    if (found === undefined) return 'lost';
    return found > revision ? { revision: found, stored: 'earlier' } : 'unknown'; // a replica that lags
  } catch {
    return 'unknown';
  }
}

/**
 * Gives up a lease. What was asked before on this connection is done by then: a renewal whose answer nobody waited for has
 * given the lease another revision.
 * @param instance whose lease is given up though its revision is another; absent: nobody's
 */
async function giveBack(leases: KV, key: string, revision: number, instance?: string): Promise<void> {
  try {
    await leases.purge(key, { previousSeq: revision });
  } catch (error) {
    const found = isConflict(error) && instance !== undefined ? await heldBy(leases, key, instance) : undefined;
    if (found === undefined) throw error;
    await leases.purge(key, { previousSeq: found });
  }
}

const isConflict = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 10071 || /wrong last sequence/.test(String(error));

/** @returns the revision; `undefined` while somebody else holds it */
async function takeLease(
  leases: KV,
  key: string,
  instance: string,
  isOver: (revision: number) => boolean,
): Promise<number | undefined> {
  try {
    return await leases.create(key, instance);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const found = await leases.get(key);
  if (found === null || found.operation !== 'PUT') return undefined; // it has just ended
  const { revision } = found;
  // Our own lease of a moment ago: this process came back faster than it expired.
  const isOurs = found.string() === instance;
  return isOurs || isOver(revision) ? await leases.update(key, instance, revision) : undefined;
}

/** @returns the lease's revision if it is this instance's; names of instances are unique */
async function heldBy(leases: KV, key: string, instance: string): Promise<number | undefined> {
  const held = await leases.get(key);
  return held !== null && held.operation === 'PUT' && held.string() === instance ? held.revision : undefined;
}

/** Did somebody begin after this epoch who has this instance's name? It would take such a lease for its own, and be followed. */
async function hasTwin(
  js: JetStreamClient,
  prefix: string,
  actor: string,
  instance: string,
  epoch: number,
): Promise<boolean> {
  const objects = await new Kvm(js).open(bucketNames(prefix).objects);
  const newest = await objects.get(storeKey(EPOCHS, undefined, actor));
  return newest !== null && newest.revision > epoch && newest.json<{ holder?: string }>().holder === instance;
}

/** The sequence of this write is the epoch: it rises with every new holder. */
async function writeEpoch(
  js: JetStreamClient,
  prefix: string,
  actor: string,
  instance: string,
  timeoutMs: number,
): Promise<number> {
  const subject = keySubject(bucketNames(prefix).objects, storeKey(EPOCHS, undefined, actor));
  const body = { apiVersion: 'troupe.io/v1', kind: 'Epoch', metadata: { name: actor }, holder: instance };
  const ack = await js.publish(subject, JSON.stringify(body), { timeout: timeoutMs });
  return ack.seq;
}
