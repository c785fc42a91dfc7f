import { existsSync } from 'node:fs';
import { statusError } from '../../contracts/errors/status.ts';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { readClusterKey } from '../boot/cluster.ts';
import { journalSealer } from '../boot/journal-sealer.ts';
import { openHome } from './open-home.ts';
import type { Playable } from './playable.ts';
import { readHistory } from './read-history.ts';
import { readJournal } from './read-journal.ts';

/** Where recordings come from: a home, or a file. */
export interface Source {
  /** `this home`, or the file's name. */
  readonly origin: string;
  /** What was asked for, in the order in which it began; never empty. */
  readonly playables: readonly Playable[];
  /** Everything that is recorded there: what causes are followed through. Read when it is needed. */
  readonly all: () => Promise<readonly Playable[]>;
}

export interface SourceOptions {
  readonly home: string;
  readonly instance?: string | undefined;
  readonly onRead?: (what: string) => void;
}

/** Is this the name of a file rather than of an actor? */
export const isFile = (what: string): boolean => /[/\\.]/.test(what) || existsSync(what);

/**
 * Opens the recordings of an actor in a home, or of a file.
 * @throws StatusError NotFound, which names what there is instead
 */
export async function openSource(what: string, options: SourceOptions): Promise<Source> {
  if (isFile(what)) throw statusError('NotFound', `${what}: no such file`);
  const found = await readHome(options.home, what, options.onRead);
  const playables = found.filter(
    ({ incarnation: { driver, self } }) =>
      !driver && (options.instance === undefined || self.instance === options.instance),
  );
  if (playables.length === 0) throw nothingFound(what, options, await readHome(options.home));
  return { origin: 'this home', playables, all: () => readHome(options.home) };
}

function nothingFound(actor: string, { instance }: SourceOptions, all: readonly Playable[]): Error {
  const played = all.filter(({ incarnation }) => !incarnation.driver);
  const names = (of: (playable: Playable) => string, among = played): string => [...new Set(among.map(of))].join(', ');
  const ofActor = played.filter(({ incarnation }) => incarnation.self.actor === actor);
  if (ofActor.length > 0) {
    const there = names(({ incarnation }) => incarnation.self.instance, ofActor);
    return statusError('NotFound', `no instance "${instance}" of ${actor} is recorded; there are: ${there}`);
  }
  if (all.some(({ incarnation }) => incarnation.self.actor === actor))
    return statusError('NotFound', `${actor} is a driver: it decides nothing, so it is recorded but not replayed`);
  const there = names(({ incarnation }) => incarnation.self.actor);
  return statusError(
    'NotFound',
    there === '' ? 'nothing is recorded in this home' : `no actor "${actor}" is recorded; there are: ${there}`,
  );
}

async function readHome(
  home: string,
  actor?: string,
  onRead: (what: string) => void = () => undefined,
): Promise<readonly Playable[]> {
  const opened = await openHome(home);
  const { client, cluster, paths } = opened;
  try {
    const key = clusterKey(readClusterKey(paths));
    const recordings = await readJournal(client.connection, cluster.prefix, actor, ({ problem }) => onRead(problem));
    if (recordings.length === 0) return [];
    const history = await readHistory(client.connection, cluster.prefix, key);
    onRead(`${recordings.length} recordings and ${history.all.length} revisions of objects read`);
    const sealer = journalSealer(key);
    return recordings.map(({ incarnation, turns }) => ({ incarnation, turns, history, sealer }));
  } finally {
    await opened.close();
  }
}
