import { setTimeout as pause } from 'node:timers/promises';
import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { type Write, withRevision } from '../../actors/kernel/cache.ts';
import { ObjectHistory } from '../../actors/store/history.ts';
import { bucketNames, streamOf } from '../../contracts/store/buckets.ts';
import { type ClusterKey, isSecretKey, unseal } from '../../contracts/store/sealed.ts';
import { readStored } from '../../contracts/store/read-stored.ts';
import { OBJECT_BYTES_MAX } from '../../contracts/store/limits.ts';
import { readStream } from './read-stream.ts';

/** The mirror follows the objects' stream at a moment's distance; longer means that it never will hold the newest. */
const MIRROR_WITHIN_MS = 5_000;

async function mirrorCaughtUp(connection: NatsConnection, prefix: string): Promise<void> {
  const names = bucketNames(prefix);
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const last = async (stream: string): Promise<number> => (await streams.info(stream)).state.last_seq;
  const newest = await last(streamOf(names.objects));
  const deadline = performance.now() + MIRROR_WITHIN_MS;
  while ((await last(names.history)) < newest && performance.now() < deadline) await pause(20);
}

/**
 * What had been written before the oldest revision that is kept: the checkpoint from which retention keeps the history,
 * as the writes that made it.
 */
async function writesBefore(
  connection: NatsConnection,
  prefix: string,
  key: ClusterKey | undefined,
): Promise<readonly Write[]> {
  const { streams } = await jetstreamManager(connection, { checkAPI: false });
  const { state } = await streams.info(bucketNames(prefix).history);
  if (state.first_seq <= 1) return [];
  const history = await ObjectHistory.open({ connection, prefix, ...(key === undefined ? {} : { clusterKey: key }) });
  const checkpoint = await history.readCheckpoint(state.first_seq);
  return [...(checkpoint?.entries ?? [])].sort((a, b) => a.revision - b.revision);
}

/**
 * Every write and deletion of objects that the history keeps, in order of revision, after those that led up to it.
 * @param key without it Secrets stay sealed
 */
export async function readHistory(
  connection: NatsConnection,
  prefix: string,
  key?: ClusterKey,
): Promise<readonly Write[]> {
  const names = bucketNames(prefix);
  const start = `$KV.${names.objects}.`;
  await mirrorCaughtUp(connection, prefix);
  const writes: Write[] = [...(await writesBefore(connection, prefix, key))];
  for await (const message of readStream(connection, names.history, OBJECT_BYTES_MAX)) {
    const at = message.subject.slice(start.length);
    const stored = readStored(at, message.data).object;
    const object = stored === undefined ? undefined : withRevision(stored, message.sequence);
    const open = object !== undefined && key !== undefined && isSecretKey(at) ? unseal(at, object, key) : object;
    writes.push({ key: at, revision: message.sequence, object: open });
  }
  return writes;
}
