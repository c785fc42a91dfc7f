import type { NatsConnection } from 'nats';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import type { Sealer } from '../../actors/kernel/journal.ts';
import type { Incarnation } from '../../actors/kernel/recorder.ts';
import { type Divergence, type History, replay } from '../../actors/kernel/replay.ts';
import { type Recording, readJournal } from './read-journal.ts';

export interface Checked {
  readonly actor: string;
  readonly instance: string;
  /** Milliseconds since the Unix epoch at its start. */
  readonly incarnation: number;
  readonly turns: number;
  readonly skipped: number;
  readonly dropped: number;
  readonly divergence?: Divergence;
  /** Why it could not be played. */
  readonly problem?: string;
}

/** Makes today's definition of a recorded actor; `undefined` when no actor of that name exists any more. */
export type DefinitionOf = (incarnation: Incarnation) => ActorDefinition | undefined;

/** Plays every recording against today's code. Drivers are recorded, not replayed: they are left out. */
export async function checkRecordings(options: {
  readonly connection: NatsConnection;
  readonly prefix: string;
  readonly actor?: string;
  /** Given, or read once the journal has been: a cluster that runs writes on, and no turn may be newer than the history. */
  readonly history: History | (() => Promise<History>);
  readonly sealer?: Sealer;
  readonly definitionOf: DefinitionOf;
  readonly onChecked?: (checked: Checked) => void;
}): Promise<readonly Checked[]> {
  const checked: Checked[] = [];
  const note = (result: Checked): void => {
    checked.push(result);
    options.onChecked?.(result);
  };
  const recordings = await readJournal(options.connection, options.prefix, options.actor, (damaged) =>
    note({ ...damaged, incarnation: 0, turns: 0, skipped: 0, dropped: 0 }),
  );
  const history = typeof options.history === 'function' ? await options.history() : options.history;
  for (const recording of recordings) {
    if (!recording.incarnation.driver) note(checkOne(recording, { ...options, history }));
  }
  return checked;
}

function checkOne(
  recording: Recording,
  options: { readonly history: History; readonly sealer?: Sealer; readonly definitionOf: DefinitionOf },
): Checked {
  const { incarnation, turns, dropped } = recording;
  const about = {
    actor: incarnation.self.actor,
    instance: incarnation.self.instance,
    incarnation: incarnation.incarnation,
    dropped,
  };
  const definition = options.definitionOf(incarnation);
  if (definition === undefined)
    return { ...about, turns: 0, skipped: turns.length, problem: `this build has no actor "${about.actor}"` };
  try {
    return { ...about, ...replay(definition, incarnation, turns, options.history, options.sealer) };
  } catch (error) {
    return {
      ...about,
      turns: 0,
      skipped: turns.length,
      problem: error instanceof Error ? error.message : String(error),
    };
  }
}
