import type { MemoryHistory } from '../../../actors/kernel/replay-api.ts';
import type { Recording } from '../read/gather-recordings.ts';
import { watchedBy } from '../read/history-kinds.ts';
import { withPodMessages } from '../read/keep-pod-messages.ts';
import { indexAt, indexFrom, type Point } from '../read/parse-moment.ts';
import { nameOf, seesStore } from '../read/playable.ts';
import type { RecordingFileContent } from '../read/recording-file.ts';
import { planHistory, planPart, planRevisions } from './plan-export.ts';

/** The span to export; absent = from the beginning, to the end. */
export interface Points {
  readonly from?: Point | undefined;
  readonly to?: Point | undefined;
}

/**
 * The content of a file with these recordings: of each the turns between two points, from the start at which playing begins,
 * and the history of what their actors watch.
 * @param history with Secrets sealed, as stored
 * @param nodes   recordings that are not exported and have the bodies of messages that these sent
 */
export function exportOf(
  prefix: string,
  recordings: readonly Recording[],
  history: MemoryHistory,
  points: Points = {},
  nodes: readonly Recording[] = [],
): RecordingFileContent {
  const newest = new Map(recordings.map((recording) => [nameOf(recording), recording]));
  const end = Math.max(...recordings.map(({ turns }) => turns.at(-1)?.now ?? 0));
  // Turn numbers begin at 1 with every start: a number means the newest start.
  const numbered = [points.from, points.to].some((point) => point !== undefined && 'turn' in point);
  const meant = numbered ? [...newest.values()] : recordings;
  const parts = meant.flatMap((recording) => {
    const last = newest.get(nameOf(recording)) === recording;
    const part = partOf(recording, points, last ? end : (recording.turns.at(-1)?.now ?? 0));
    if (part.turns.length === 0) return [];
    return [nodes.length === 0 ? part : { ...part, turns: withPodMessages(part, nodes) }];
  });
  const kinds = allOf(parts.map(watchedBy));
  const isWanted = (resource: string): boolean => kinds === 'all' || kinds.has(resource);
  return { prefix, recordings: parts, history: planHistory(history, planRevisions(parts), isWanted), kinds };
}

function allOf(some: readonly (ReadonlySet<string> | 'all')[]): ReadonlySet<string> | 'all' {
  const all = new Set<string>();
  for (const kinds of some) {
    if (kinds === 'all') return 'all';
    for (const kind of kinds) all.add(kind);
  }
  return all;
}

/**
 * @param end the time up to which the recording lasts; the newest start of an instance lasts to the end of all recordings, even
 *   without turns, because a silent actor is of interest when something is stuck
 */
function partOf(recording: Recording, points: Points, end: number): Recording {
  const { turns } = recording;
  // A revision does not identify a turn of an actor that does not see the store: all of its turns are exported.
  const meant = (point: Point | undefined): Point | undefined =>
    point !== undefined && 'revision' in point && !seesStore(turns) ? undefined : point;
  const [from, to] = [meant(points.from), meant(points.to)];
  const ended = from !== undefined && ('moment' in from ? end < from.moment : indexFrom(turns, from) >= turns.length);
  const first = from === undefined ? -1 : indexAt(turns, from);
  const last = to === undefined ? turns.length - 1 : indexAt(turns, to);
  return planPart(recording, first, ended ? -1 : last);
}
