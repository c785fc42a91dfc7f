import type { NatsConnection } from 'nats';
import { type Write, withRevision } from '../../actors/kernel/cache.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { bucketNames } from '../../contracts/store/buckets.ts';
import { type ClusterKey, isSecretKey, unseal } from '../../contracts/store/sealed.ts';
import { readStream } from './read-stream.ts';

/**
 * Every write and deletion of objects that the history keeps, in order of revision.
 * @param key without it Secrets stay sealed
 */
export async function readHistory(
  connection: NatsConnection,
  prefix: string,
  key?: ClusterKey,
): Promise<readonly Write[]> {
  const names = bucketNames(prefix);
  const start = `$KV.${names.objects}.`;
  const writes: Write[] = [];
  for await (const message of readStream(connection, names.history)) {
    const at = message.subject.slice(start.length);
    const object =
      message.data.length === 0
        ? undefined
        : withRevision(JSON.parse(Buffer.from(message.data).toString('utf8')) as KubeObject, message.sequence);
    const open = object !== undefined && key !== undefined && isSecretKey(at) ? unseal(at, object, key) : object;
    writes.push({ key: at, revision: message.sequence, object: open });
  }
  return writes;
}
