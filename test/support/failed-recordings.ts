import { mkdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedWorld } from '../../actors/kernel/testing/test-world-hook.ts';
import { atEndOfTest } from './end-of-test.ts';

/** Writes what was recorded to a file; with the key of the cluster to another beside it, where there is one. */
export type WriteRecordings = (path: string) => Promise<{ readonly keyFile?: string }>;

/** Clusters that run now, or ran until the end of the test that runs now. */
const running = new Set<WriteRecordings>();
/** Test worlds of the test that runs now, the last few: properties make hundreds. */
let worlds: RecordedWorld[] = [];
const WORLDS_MAX = 3;

export function noteWorld(world: RecordedWorld): void {
  worlds = [...worlds, world].slice(-WORLDS_MAX);
}

export function forgetWorlds(): void {
  worlds = [];
}

/**
 * A cluster has recordings that whoever sees a test fail wants to play.
 * @returns how to stop the cluster: within a test only at its end, when it is known whether it failed
 */
export function keepForFailure(write: WriteRecordings): (stop: () => Promise<void>) => Promise<void> {
  running.add(write);
  return async (stop) => {
    const stopped = async (): Promise<void> => {
      running.delete(write);
      await stop();
    };
    await (atEndOfTest(stopped) ?? stopped()); // no test runs: the file's own end
  };
}

const fileName = (text: string): string => text.replaceAll(/[^A-Za-z0-9]+/g, '-').slice(0, 80);

/**
 * Keeps the recordings of a test that failed.
 * @returns for people: where they are and how they are opened, two lines each
 */
export async function keepRecordings(test: string): Promise<readonly string[]> {
  const folder = join(tmpdir(), 'troupe-failed-tests');
  mkdirSync(folder, { recursive: true });
  const lines: string[] = [];
  const keep = async (write: WriteRecordings, at: number): Promise<void> => {
    const path = join(folder, `${fileName(test)}-${at + 1}.troupe`);
    try {
      const { keyFile } = await write(path);
      const key = keyFile === undefined ? '' : ` --key ${keyFile}`;
      lines.push(`its recordings: ${path}`, `    npx troupe replay ${path}${key}`);
    } catch (error) {
      lines.push(`its recordings could not be kept: ${error instanceof Error ? error.message : String(error)}`);
    }
  };
  const all = [...worlds.map(writeWorld), ...running];
  for (const [at, write] of all.entries()) await keep(write, at);
  return lines;
}

const writeWorld =
  (world: RecordedWorld): WriteRecordings =>
  async (path) => {
    const { writeRecordingFile } = await import('../../ops/replay/read/recording-file.ts');
    const { incarnation, turns, writes } = world.recording();
    const history = { all: writes, bases: [], holes: [] };
    writeRecordingFile(path, { prefix: incarnation.self.prefix, recordings: [{ incarnation, turns }], history });
    return {};
  };
