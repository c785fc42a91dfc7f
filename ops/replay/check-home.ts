import type { History, Level } from '../../actors/kernel/replay.ts';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { readClusterKey } from '../boot/cluster.ts';
import { journalSealer } from '../boot/journal-sealer.ts';
import { type Checked, checkRecordings } from './check.ts';
import { definitionOf } from './definitions.ts';
import { openHome } from './open-home.ts';
import { readHistory } from './read-history.ts';

/** Plays every recording of a home against today's code. Works while its cluster runs and while it does not. */
export async function checkHome(
  home: string,
  options: { readonly actor?: string; readonly level?: Level; readonly onRead?: (what: string) => void } = {},
): Promise<readonly Checked[]> {
  const opened = await openHome(home);
  try {
    const { client, cluster, paths } = opened;
    const key = clusterKey(readClusterKey(paths));
    const history = async (): Promise<History> => {
      const history = await readHistory(client.connection, cluster.prefix, key);
      options.onRead?.(
        `${history.all.length} revisions of objects read${opened.live ? '' : ' from a store that no cluster runs on'}`,
      );
      return history;
    };
    return await checkRecordings({
      connection: client.connection,
      prefix: cluster.prefix,
      history,
      sealer: journalSealer(key),
      definitionOf,
      onChecked: (checked) => options.onRead?.(`${checked.actor}/${checked.instance}: ${checked.turns} turns`),
      ...(options.actor === undefined ? {} : { actor: options.actor }),
      ...(options.level === undefined ? {} : { level: options.level }),
    });
  } finally {
    await opened.close();
  }
}
