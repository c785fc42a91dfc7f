import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CompareOptions, type Comparison, compareAndSettle } from '../compare/compare-versions.ts';
import { codeVersion, recordedVersion } from '../compare/version.ts';
import { nameOf, type Playable } from '../read/playable.ts';
import { readPlayables } from '../read/source.ts';
import { definitionOf } from './definitions.ts';

/** Extension of recording files. */
export const EXTENSION = '.troupe';

/** Result of playing one recording against today's code. */
export interface FileChecked {
  readonly file: string;
  /** `scheduler/m1`; empty when the file cannot be opened. */
  readonly name: string;
  readonly actor: string;
  readonly comparison?: Comparison;
  /** Why it cannot be opened or played. */
  readonly problem?: string;
}

/** Recording files of a folder, by name. */
export const recordingFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .sort()
    .map((name) => join(folder, name));

/** Plays all recordings in files against today's code, except those of drivers. Never throws. */
export async function* checkFiles(
  files: readonly string[],
  keyFile: string | undefined,
  options: CompareOptions,
): AsyncGenerator<FileChecked> {
  // A request and its answer may be in different files: all files are read, once, when a body is missing.
  let opened: readonly Playable[] | undefined;
  const all = (): readonly Playable[] => (opened ??= files.flatMap((file) => openable(file, keyFile)));
  for (const file of files) yield* checkFile(file, keyFile, all, options);
}

/** The recordings in a file; none when it cannot be opened, which is reported when the file itself is played. */
function openable(file: string, keyFile: string | undefined): readonly Playable[] {
  try {
    return readPlayables(file, keyFile);
  } catch {
    return [];
  }
}

async function* checkFile(
  file: string,
  keyFile: string | undefined,
  beside: () => readonly Playable[],
  options: CompareOptions,
): AsyncGenerator<FileChecked> {
  let playables: readonly Playable[];
  try {
    playables = readPlayables(file, keyFile, beside);
  } catch (error) {
    yield { file, name: '', actor: '', problem: textOf(error) };
    return;
  }
  const decided = playables.filter(({ incarnation }) => !incarnation.driver);
  if (decided.length === 0)
    yield { file, name: '', actor: '', problem: 'it holds only recordings of drivers, which cannot be played' };
  for (const playable of decided) {
    const about = { file, name: nameOf(playable), actor: playable.incarnation.self.actor };
    try {
      yield { ...about, ...(await checkOne(playable, options)) };
    } catch (error) {
      yield { ...about, problem: textOf(error) };
    }
  }
}

async function checkOne(
  playable: Playable,
  options: CompareOptions,
): Promise<Pick<FileChecked, 'comparison' | 'problem'>> {
  const definition = definitionOf(playable.incarnation);
  if (definition === undefined) return { problem: `this build has no actor "${playable.incarnation.self.actor}"` };
  const now = codeVersion('this build', playable, definition);
  const comparison = await compareAndSettle(playable, recordedVersion(playable, now.session), now, options);
  return comparison.turns > 0 ? { comparison } : { problem: 'none of its turns can be played' };
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));
