import type { JetStreamClient } from '@nats-io/jetstream';
import { type KV, Kvm } from '@nats-io/kv';
import { bucketNames, keySubject } from '../../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';

/* A lease and its epoch in the store. A lease is a key in the leases bucket whose value is the holder's instance name. */

/**
 * Takes the lease if it is free, if this instance already holds it, or if `isExpired` says so of its revision.
 * @returns the lease's revision; `undefined` while another instance holds it
 */
export async function takeLease(
  leases: KV,
  key: string,
  instance: string,
  isExpired: (revision: number) => boolean,
): Promise<number | undefined> {
  try {
    return await leases.create(key, instance);
  } catch (error) {
    if (!isConflict(error)) throw error;
  }
  const found = await leases.get(key);
  if (found === null || found.operation !== 'PUT') return undefined; // it expired a moment ago; the next attempt creates it
  const { revision } = found;
  // After a quick restart this process finds the lease that its predecessor held.
  const isOurs = found.string() === instance;
  return isOurs || isExpired(revision) ? await leases.update(key, instance, revision) : undefined;
}

/**
 * @returns the lease's new revision and which renewal wrote it: this one, or an `earlier` one whose answer was lost;
 * `lost`: the lease expired or another instance holds it; `unknown`: the store did not answer
 */
export async function renewLease(
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
    const found = await revisionHeldBy(leases, key, instance);
    if (found === undefined) return 'lost';
    return found > revision ? { revision: found, stored: 'earlier' } : 'unknown'; // a lagging replica answered
  } catch {
    return 'unknown';
  }
}

/**
 * Gives the lease up. Requests sent earlier on this connection have been processed by then, so a renewal whose answer was
 * never read may have changed the lease's revision.
 * @param instance give the lease up if this instance holds it under a different revision; absent: under `revision` only
 */
export async function giveLeaseBack(leases: KV, key: string, revision: number, instance?: string): Promise<void> {
  try {
    await leases.purge(key, { previousSeq: revision });
  } catch (error) {
    const found = isConflict(error) && instance !== undefined ? await revisionHeldBy(leases, key, instance) : undefined;
    if (found === undefined) throw error;
    await leases.purge(key, { previousSeq: found });
  }
}

const isConflict = (error: unknown): boolean =>
  (error as { code?: unknown }).code === 10071 || /wrong last sequence/.test(String(error));

/** @returns the lease's revision if `instance` holds it; instance names are unique */
async function revisionHeldBy(leases: KV, key: string, instance: string): Promise<number | undefined> {
  const held = await leases.get(key);
  return held !== null && held.operation === 'PUT' && held.string() === instance ? held.revision : undefined;
}

/** Writes a new epoch of an actor. @returns the epoch: the sequence of this write, so it rises with each new holder */
export async function writeEpoch(
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

/**
 * Did a process with the same instance name write an epoch after `epoch`? Two such processes each take the lease for their
 * own and replace each other again and again.
 */
export async function hasTwin(
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
