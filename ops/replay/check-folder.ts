import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { type Comparison, compareAndSettle, type CompareOptions } from './compare-versions.ts';
import { definitionOf } from './definitions.ts';
import { nameOf, type Playable } from './playable.ts';
import { readPlayables } from './source.ts';
import { codeVersion, recordedVersion } from './version.ts';

/** Extension of recording files. */
export const EXTENSION = '.troupe';

/** One recording against today's code. */
export interface FileChecked {
  readonly file: string;
  /** `scheduler/m1`; empty when the file could not be opened. */
  readonly name: string;
  readonly actor: string;
  readonly comparison?: Comparison;
  /** Why it could not be opened or played. */
  readonly problem?: string;
}

/** Recording files of a folder, in the order of their names. */
export const recordingFiles = (folder: string): readonly string[] =>
  readdirSync(folder)
    .filter((name) => name.endsWith(EXTENSION))
    .sort()
    .map((name) => join(folder, name));

/** Plays everything in a recording file against today's code; drivers are left out. Never throws. */
export async function* checkFile(
  file: string,
  keyFile: string | undefined,
  options: CompareOptions,
): AsyncGenerator<FileChecked> {
  let playables: readonly Playable[];
  try {
    playables = readPlayables(file, keyFile);
  } catch (error) {
    yield { file, name: '', actor: '', problem: textOf(error) };
    return;
  }
  const decided = playables.filter(({ incarnation }) => !incarnation.driver);
  if (decided.length === 0) yield { file, name: '', actor: '', problem: 'it holds nothing that decides anything' };
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
