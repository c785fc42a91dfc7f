import type { NatsConnection } from 'nats';
import {
  type ActorDefinition,
  type Divergence,
  type History,
  type Incarnation,
  type Level,
  replayAndSettle,
  type Sealer,
  type Skip,
} from '../../../actors/kernel/replay-api.ts';
import type { Gap } from '../read/plan-gaps.ts';
import { type Recording, readJournal } from '../read/read-journal.ts';
import { notReplayed } from './definitions.ts';

export interface Checked {
  readonly actor: string;
  readonly instance: string;
  /** Milliseconds since the Unix epoch at its start. */
  readonly incarnation: number;
  readonly turns: number;
  readonly skipped: number;
  /** Turns that could not be played, and why. */
  readonly skips: readonly Skip[];
  readonly dropped: number;
  /** Missing turns. */
  readonly gaps: readonly Gap[];
  readonly divergence?: Divergence;
  /** Why the recording could not be played at all. */
  readonly problem?: string;
}

/** Makes today's definition of a recorded actor; `undefined` when this build has no actor of that name. */
export type DefinitionOf = (incarnation: Incarnation) => ActorDefinition | undefined;

/**
 * Plays every recording against today's code, except those of drivers.
 * @throws StatusError NotFound when the requested actor is a driver
 */
export async function checkRecordings(options: {
  readonly connection: NatsConnection;
  readonly prefix: string;
  readonly actor?: string;
  /** The history, or a function that reads it after the journal: no turn may be newer than the history of a running cluster. */
  readonly history: History | ((recordings: readonly Recording[]) => Promise<History>);
  /** Opens secret data. A function is called after the history was read. */
  readonly sealer?: Sealer | (() => Sealer | undefined);
  readonly level?: Level;
  readonly definitionOf: DefinitionOf;
  readonly onChecked?: (checked: Checked) => void;
}): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  const note = (result: Checked): void => {
    checked.push(result);
    options.onChecked?.(result);
  };
  const recordings = await readJournal(options.connection, options.prefix, options.actor, (damaged) =>
    note({ ...damaged, incarnation: 0, ...NOTHING, dropped: 0, gaps: [] }),
  );
  if (options.actor !== undefined && recordings.length > 0 && recordings.every(({ incarnation }) => incarnation.driver))
    throw notReplayed(options.actor);
  const history = typeof options.history === 'function' ? await options.history(recordings) : options.history;
  const sealer = typeof options.sealer === 'function' ? options.sealer() : options.sealer;
  for (const recording of recordings) {
    if (!recording.incarnation.driver) note(await checkOne(recording, { ...options, history, sealer }));
  }
  return checked;
}

const NOTHING = { turns: 0, skipped: 0, skips: [] } as const;

/** Plays one recording against today's code. */
export async function checkOne(
  recording: Pick<Recording, 'incarnation' | 'turns' | 'dropped' | 'gaps'>,
  {
    definitionOf,
    history,
    sealer,
    level,
  }: {
    readonly history: History;
    readonly sealer?: Sealer | undefined;
    readonly level?: Level;
    readonly definitionOf: DefinitionOf;
  },
): Promise<Checked> {
  const { incarnation, turns, dropped, gaps } = recording;
  const { actor, instance } = incarnation.self;
  const about = { actor, instance, incarnation: incarnation.incarnation, dropped, gaps };
  const notPlayed = (problem: string): Checked => ({ ...about, ...NOTHING, skipped: turns.length, problem });
  try {
    const definition = definitionOf(incarnation);
    if (definition === undefined) return notPlayed(`this build has no actor "${actor}"`);
    return { ...about, ...(await replayAndSettle(definition, incarnation, turns, history, sealer, level)) };
  } catch (error) {
    return notPlayed(error instanceof Error ? error.message : String(error));
  }
}
