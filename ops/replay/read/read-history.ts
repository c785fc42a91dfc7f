import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import {
  type Base,
  MemoryHistory,
  type Revisions,
  type Write,
  withRevision,
} from '../../../actors/kernel/replay-api.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { bucketNames, keyOfSubject, streamOf } from '../../../contracts/store/buckets.ts';
import { parseKey } from '../../../contracts/store/keys.ts';
import { readStored } from '../../../contracts/store/read-stored.ts';
import { type ClusterKey, isSecretKey, unsealOrLeave } from '../../../contracts/store/sealed.ts';
import { type CheckpointReader, openCheckpoints } from '../actors.ts';
import { readStream } from './read-stream.ts';

/** The history mirrors the objects' stream with a short delay; after this time it is not expected to catch up. */
const MIRROR_WITHIN_MS = 5_000;

/** Waits until the history has caught up. @returns its newest revision, which retention may already have dropped */
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

/** The checkpoints to begin from: one before the oldest revision that is kept, and one after each hole. */
async function readBases(
  connection: NatsConnection,
  prefix: string,
  key: ClusterKey | undefined,
  holes: readonly Revisions[],
): Promise<readonly Base[]> {
  if (holes.length === 0) return [];
  const checkpoints = await openCheckpoints(connection, prefix, key);
  const whole = await checkpoints.revisions();
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

/** @returns undefined when the checkpoint is damaged; the next one is used instead */
async function readable(checkpoints: CheckpointReader, revision: number): Promise<Base | undefined> {
  try {
    return await checkpoints.read(revision);
  } catch (error) {
    if (error instanceof StatusError && error.reason === 'InternalError') return undefined;
    throw error;
  }
}

/**
 * Reads every write and deletion that the history keeps, and the state before the oldest.
 * @param key without it Secrets stay sealed; one that it does not open stays sealed too
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
    if (parseKey(at) === undefined) continue; // no actor sees it
    const stored = readStored(at, data).object;
    const object = stored === undefined ? undefined : withRevision(stored, sequence);
    const open = object !== undefined && key !== undefined && isSecretKey(at) ? unsealOrLeave(at, object, key) : object;
    writes.push({ key: at, revision: sequence, object: open });
  }
  if (newest > last) holes.push({ first: last + 1, last: newest }); // retention dropped everything up to a checkpoint
  const bases = await readBases(connection, prefix, key, holes);
  return new MemoryHistory(writes, { bases, holes });
}
