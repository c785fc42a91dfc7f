import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type Write, withRevision } from '../../../actors/kernel/view/cache.ts';
import { type Base, MemoryHistory, type Revisions } from '../../../actors/kernel/view/memory-history.ts';
import { Checkpoints } from '../../../actors/store/checkpoints.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { bucketNames, keyOfSubject, streamOf } from '../../../contracts/store/buckets.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { readStored } from '../../../contracts/store/read-stored.ts';
import { type ClusterKey, isSecretKey, unsealOrLeave } from '../../../contracts/store/sealed.ts';
import { readStream } from './read-stream.ts';

/** The mirror follows the objects' stream at a moment's distance; longer means that it never will hold the newest. */
const MIRROR_WITHIN_MS = 5_000;

/** @returns the mirror's newest revision, which need not be kept any longer */
async function mirrorCaughtUp(connection: NatsConnection, prefix: string): Promise<number> {
  const names = bucketNames(prefix);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const last = async (stream: string): Promise<number> => (await streams.info(stream)).state.last_seq;
  const newest = await last(streamOf(names.objects));
  const deadline = performance.now() + MIRROR_WITHIN_MS;
  let mirrored = await last(names.history);
  while (mirrored < newest && performance.now() < deadline) {
    await pause(20);
    mirrored = await last(names.history);
  }
  return mirrored;
}

/** What is there to begin from: a checkpoint before the oldest revision that is kept, and one after each hole. */
async function readBases(
  options: { readonly connection: NatsConnection; readonly prefix: string; readonly clusterKey?: ClusterKey },
  holes: readonly Revisions[],
): Promise<readonly Base[]> {
  if (holes.length === 0) return [];
  const manager = await jetstreamManager(options.connection, { checkAPI: false });
  const checkpoints = new Checkpoints({ ...options, manager });
  const whole = (await checkpoints.names()).filter((name) => name.whole).map(({ revision }) => revision);
  const read = new Map<number, Base | undefined>();
  const bases = new Set<Base>();
  for (const { last } of holes) {
    for (const revision of whole.filter((each) => each >= last)) {
      if (!read.has(revision)) read.set(revision, await readable(checkpoints, revision));
      const base = read.get(revision);
      if (base === undefined) continue;
      bases.add(base);
      break;
    }
  }
  return [...bases];
}

/** Where one is damaged the next one serves. */
async function readable(checkpoints: Checkpoints, revision: number): Promise<Base | undefined> {
  try {
    return await checkpoints.read(revision);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'InternalError') return undefined;
    throw error;
  }
}

/**
 * Every write and deletion of objects that the history keeps, and what led up to the oldest.
 * @param key without it Secrets stay sealed, as what it cannot unseal does
 */
export async function readHistory(
  connection: NatsConnection,
  prefix: string,
  key?: ClusterKey,
): Promise<MemoryHistory> {
  const names = bucketNames(prefix);
  const newest = await mirrorCaughtUp(connection, prefix);
  const writes: Write[] = [];
  const holes: Revisions[] = [];
  let last = 0;
  for await (const { subject, sequence, data } of readStream(connection, names.history)) {
    if (sequence > last + 1) holes.push({ first: last + 1, last: sequence - 1 });
    last = sequence;
    const at = keyOfSubject(subject);
    if (parseKey(at) === undefined) continue; // no actor was ever told of it
    const stored = readStored(at, data).object;
    const object = stored === undefined ? undefined : withRevision(stored, sequence);
    const open = object !== undefined && key !== undefined && isSecretKey(at) ? unsealOrLeave(at, object, key) : object;
    writes.push({ key: at, revision: sequence, object: open });
  }
  if (newest > last) holes.push({ first: last + 1, last: newest }); // dropped up to a checkpoint of the newest
  const bases = await readBases({ connection, prefix, ...(key === undefined ? {} : { clusterKey: key }) }, holes);
  return new MemoryHistory(writes, { bases, holes });
}
