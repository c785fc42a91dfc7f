import type { Level, Sealer } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../compare/counted.ts';
import { keyOf, sealerOf, withRecordings } from '../read/open-recordings.ts';
import { readHistory } from '../read/read-history.ts';
import type { RecordedWhere } from '../read/recorded-where.ts';
import { type Checked, checkRecordings } from './check.ts';
import { definitionOf } from './definitions.ts';

/** Plays every recording of a home or server against today's code. The cluster of a home may run or not. */
export function checkHome(
  home: string,
  options: Omit<RecordedWhere, 'home'> & {
    readonly actor?: string;
    readonly level?: Level;
    /** Called with progress messages. */
    readonly onRead?: (message: string) => void;
    /** Called when there is no key. Default: `onRead`. */
    readonly onMissing?: (message: string) => void;
  } = {},
): Promise<readonly Checked[]> {
  const { onRead = () => undefined, onMissing = onRead, actor, level } = options;
  const where = { ...options, home };
  return withRecordings(where, async ({ client: { connection }, prefix, live }) => {
    const given = keyOf(where, onMissing);
    let sealer: Sealer | undefined;
    return await checkRecordings({
      connection,
      prefix,
      history: async (recordings) => {
        const history = await readHistory(connection, prefix, given?.key);
        onRead(
          `read ${counted(history.all.length, 'revision')} of objects${live ? '' : ' from the store of a cluster that does not run'}`,
        );
        sealer = sealerOf(given, recordings, history, onRead);
        return history;
      },
      sealer: () => sealer,
      definitionOf,
      onChecked: (checked) => onRead(`${checked.actor}/${checked.instance}: ${counted(checked.turns, 'turn')}`),
      ...(actor === undefined ? {} : { actor }),
      ...(level === undefined ? {} : { level }),
    });
  });
}
