import type { MemoryHistory } from '../../actors/kernel/replay.ts';
import type { Playable } from '../../ops/replay/read/playable.ts';
import { writeRecordingFile } from '../../ops/replay/read/recording-file.ts';

/** Writes what was recorded in memory into a file of its own. @returns the path */
export function saveRecording(path: string, { incarnation, turns, history }: Playable): string {
  const recordings = [{ incarnation, turns }];
  writeRecordingFile(path, { prefix: 'troupe', recordings, history: history as MemoryHistory });
  return path;
}
