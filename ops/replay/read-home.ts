import { clusterKey } from '../../contracts/store/sealed.ts';
import { readClusterKey } from '../boot/cluster.ts';
import { journalSealer } from '../boot/journal-sealer.ts';
import { openHome } from './open-home.ts';
import type { Playable } from './playable.ts';
import { readHistory } from './read-history.ts';
import { readJournal } from './read-journal.ts';
import type { SourceOptions } from './source.ts';

/** Everything recorded in a home, or of one actor, in the order in which it began. */
export async function readHome(
  { home, sealed = false, onRead = () => undefined }: SourceOptions,
  actor?: string,
): Promise<readonly Playable[]> {
  const opened = await openHome(home);
  const { client, cluster, paths } = opened;
  try {
    const key = sealed ? undefined : clusterKey(readClusterKey(paths));
    const recordings = await readJournal(client.connection, cluster.prefix, actor, ({ problem }) => onRead(problem));
    if (recordings.length === 0) return [];
    const history = await readHistory(client.connection, cluster.prefix, key);
    onRead(`${recordings.length} recordings and ${history.all.length} revisions of objects read`);
    const sealer = key === undefined ? undefined : journalSealer(key);
    return recordings.map(({ incarnation, turns }) => ({ incarnation, turns, history, sealer }));
  } finally {
    await opened.close();
  }
}
