import { counted } from '../compare/counted.ts';
import { keyOf, sealerOf, withRecordings } from './open-recordings.ts';
import type { Playable } from './playable.ts';
import { readHistory } from './read-history.ts';
import { readJournal } from './read-journal.ts';
import type { SourceOptions } from './source.ts';

/** Everything recorded in a home or on a server, or of one actor, in the order in which it began. */
export function readHome(options: SourceOptions, actor?: string): Promise<readonly Playable[]> {
  const { sealed = false, onRead = () => undefined, onMissing = onRead } = options;
  return withRecordings(options, async ({ client: { connection }, prefix }) => {
    const given = sealed ? undefined : keyOf(options, onMissing);
    const recordings = await readJournal(connection, prefix, actor, ({ problem }) => onMissing(problem));
    if (recordings.length === 0) return [];
    const history = await readHistory(connection, prefix, given?.key);
    onRead(`${counted(recordings.length, 'recording')} and ${counted(history.all.length, 'revision')} of objects read`);
    const sealer = sealerOf(given, recordings, history, onRead);
    return recordings.map(({ incarnation, turns }) => ({ incarnation, turns, history, sealer }));
  });
}
