import type { Level, Sealer } from '../../../actors/kernel/replay-api.ts';
import { counted } from '../compare/counted.ts';
import { keyOf, sealerOf, withRecordings } from '../read/open-recordings.ts';
import { readHistory } from '../read/read-history.ts';
import type { RecordedWhere } from '../read/recorded-where.ts';
import { type Checked, checkRecordings } from './check.ts';
import { definitionOf } from './definitions.ts';

/**
 * Plays every recording of a home, or on a server that is named, against today's code. Works while its cluster runs and
 * while it does not.
 */
export function checkHome(
  home: string,
  options: Omit<RecordedWhere, 'home'> & {
    readonly actor?: string;
    readonly level?: Level;
    readonly onRead?: (what: string) => void;
    /** Told that there is no key; as `onRead` unless it is given. */
    readonly onMissing?: (what: string) => void;
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
          `${counted(history.all.length, 'revision')} of objects read${live ? '' : ' from a store that no cluster runs on'}`,
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
