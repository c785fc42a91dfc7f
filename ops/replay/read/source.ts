import { statSync } from 'node:fs';
import { statusError } from '../../../contracts/errors/status.ts';
import { clusterKey } from '../../../contracts/store/sealed.ts';
import { isActorName, notRecorded, notReplayed } from '../play/definitions.ts';
import { HeardElsewhere } from '../play/heard-elsewhere.ts';
import { readKeyFile } from './key-file.ts';
import { nameOf, type Playable } from './playable.ts';
import { placeOf, type SourceOptions } from './recorded-where.ts';
import { readRecordingFile } from './recording-file.ts';

/** Recordings from a home, a server or a file. */
export interface Source {
  /** Those asked for, sorted by start; never empty. */
  readonly playables: readonly Playable[];
  /** All recordings there, through which causes are followed. Read when needed. */
  readonly all: () => Promise<readonly Playable[]>;
}

/** Whether this names a file rather than an actor. */
export function isFile(what: string): boolean {
  if (/[/\\.]/.test(what)) return true;
  const there = statSync(what, { throwIfNoEntry: false });
  return there !== undefined && (there.isFile() || !isActorName(what)); // a folder may have the name of an actor
}

/**
 * Opens the recordings of an actor in a home or on a server, or of a file.
 * @throws StatusError NotFound, with what is recorded instead; BadRequest: `what` and `--actor` name different actors
 */
export async function openSource(what: string, options: SourceOptions): Promise<Source> {
  if (isFile(what)) return openFile(what, options);
  if (options.actor !== undefined && options.actor !== what)
    throw statusError(
      'BadRequest',
      `"${what}" and --actor ${options.actor} name different actors; --actor is for files; leave it out`,
    );
  const { readHome } = await import('./read-home.ts'); // a file needs no NATS client
  const read = chosen(await readHome(options, what), options);
  if (read.length === 0) throw nothingFound(what, options, await readHome(options));
  let rest: Promise<readonly Playable[]> | undefined;
  const all = (): Promise<readonly Playable[]> => (rest ??= readHome(options));
  const elsewhere = new HeardElsewhere([() => read], all);
  return { playables: read.map((playable) => ({ ...playable, elsewhere })), all };
}

/** Opens a recording file; opens no socket. */
function openFile(path: string, options: Omit<SourceOptions, 'home'>): Source {
  const all = readPlayables(path, options.keyFile);
  const playables = chosen(all, options);
  if (playables.length > 0) return { playables, all: () => Promise.resolve(all) };
  const there = [...new Set(all.filter(({ incarnation }) => !incarnation.driver).map(nameOf))].join(', ');
  if (there === '') throw statusError('NotFound', `${path} holds only recordings of drivers, which cannot be played`);
  const wanted = [options.actor, options.instance].filter((one) => one !== undefined).join('/');
  throw statusError('NotFound', `${path} holds no recording of ${wanted}; there are: ${there}`);
}

/**
 * All recordings in a file. Each can look up its messages in the others.
 * @param beside further recordings to look up messages in; read when needed
 * @throws StatusError: the file cannot be read
 */
export function readPlayables(path: string, keyFile?: string, beside?: () => readonly Playable[]): readonly Playable[] {
  const key = keyFile === undefined ? undefined : clusterKey(readKeyFile(keyFile));
  const elsewhere = new HeardElsewhere([() => playables, ...(beside === undefined ? [] : [beside])]);
  const { recordings, history, sealer, kinds } = readRecordingFile(path, key);
  const playables = recordings.map(
    ({ incarnation, turns }): Playable => ({
      incarnation,
      turns,
      history,
      sealer,
      elsewhere,
      kinds,
    }),
  );
  return playables;
}

function chosen(
  all: readonly Playable[],
  { actor, instance }: Pick<SourceOptions, 'actor' | 'instance'>,
): readonly Playable[] {
  return all.filter(
    ({ incarnation: { driver, self } }) =>
      !driver &&
      (actor === undefined || self.actor === actor) &&
      (instance === undefined || self.instance === instance),
  );
}

function nothingFound(actor: string, options: SourceOptions, all: readonly Playable[]): Error {
  const played = all.filter(({ incarnation }) => !incarnation.driver);
  const names = (of: (playable: Playable) => string, among = played): string => [...new Set(among.map(of))].join(', ');
  const ofActor = played.filter(({ incarnation }) => incarnation.self.actor === actor);
  if (ofActor.length > 0) {
    const there = names(({ incarnation }) => incarnation.self.instance, ofActor);
    return statusError('NotFound', `no instance "${options.instance}" of ${actor} is recorded; there are: ${there}`);
  }
  if (all.some(({ incarnation }) => incarnation.self.actor === actor)) return notReplayed(actor);
  const unrecorded = notRecorded(actor);
  if (unrecorded !== undefined) return unrecorded;
  const there = names(({ incarnation }) => incarnation.self.actor);
  return statusError(
    'NotFound',
    there === '' ? `nothing is recorded ${placeOf(options)}` : `no actor "${actor}" is recorded; there are: ${there}`,
  );
}
