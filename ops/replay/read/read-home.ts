import { counted } from '../compare/counted.ts';
import { keyOf, sealerOf, withRecordings } from './open-recordings.ts';
import { recordingsText } from './plan-recordings.ts';
import type { Playable } from './playable.ts';
import { readHistory } from './read-history.ts';
import { readJournal } from './read-journal.ts';
import type { SourceOptions } from './recorded-where.ts';

/** Reads all recordings of a home or server, or those of one actor, sorted by start. */
export function readHome(options: SourceOptions, actor?: string): Promise<readonly Playable[]> {
  const { sealed = false, onRead = () => undefined, onMissing = onRead } = options;
  return withRecordings(options, async ({ client: { connection }, prefix }) => {
    const given = sealed ? undefined : keyOf(options, onMissing);
    const recordings = await readJournal(connection, prefix, actor, ({ problem }) => onMissing(problem));
    if (recordings.length === 0) return [];
    const history = await readHistory(connection, prefix, given?.key);
    onRead(`read ${recordingsText(recordings)}, and ${counted(history.all.length, 'revision')} of objects`);
    const sealer = sealerOf(given, recordings, history, onRead);
    return recordings.map(({ incarnation, turns }) => ({ incarnation, turns, history, sealer }));
  });
}
