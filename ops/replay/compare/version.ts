import type { ActorDefinition, Outgoing, PlacementTable, SaidThen } from '../../../actors/kernel/replay-api.ts';
import { saidBody } from '../play/bodies.ts';
import { ReplaySession } from '../play/session.ts';
import { speechFound, speechNow, speechThen } from '../play/turn-report.ts';
import type { Playable } from '../read/playable.ts';
import { placementsAt, recordedPlacement } from './placements.ts';

/** One thing said by one version of an actor. */
export interface Utterance {
  readonly say: string;
  readonly subject: string;
  readonly hash: string;
  /** Decoded, or a `Hidden`. */
  readonly body: () => unknown;
  /** Its source: a recording, or code that was just run. */
  readonly recorded?: SaidThen;
  readonly out?: Outgoing;
}

/** What an actor says in the turns of a recording: as recorded, or as some code says it. */
export interface Version {
  readonly name: string;
  /** Called for each turn in order. @returns undefined when the turn cannot be played */
  says(index: number): readonly Utterance[] | undefined;
  /** Why the last turn asked for cannot be played, if known. */
  unplayed?(): string | undefined;
  /** The first violation of the behaviour's contract so far. */
  violation?(): string | undefined;
  /** How the placements of the last turn asked for came about; for schedulers. */
  placements?(): readonly PlacementTable[];
}

/**
 * What was recorded.
 * @param session a session of the other version, at the same turn; bodies that were recorded only as a hash are looked up in
 *   its view
 */
export function recordedVersion({ incarnation, turns }: Playable, session?: ReplaySession): Version {
  let said: readonly SaidThen[] = [];
  const bodyOf = (then: SaidThen, index: number): unknown => {
    const frame = session?.frame?.index === index ? session.frame : undefined;
    return session === undefined || frame === undefined ? saidBody(then) : speechFound(session, frame, then).body;
  };
  return {
    name: 'the recording',
    says: (index) => {
      const turn = turns[index];
      said = turn?.said ?? [];
      return turn?.said.map((then) => ({
        say: then.say,
        subject: then.subject,
        hash: then.hash,
        body: () => bodyOf(then, index),
        recorded: then,
      }));
    },
    placements: () => said.flatMap((then) => recordedPlacement(incarnation.self.actor, speechThen(then)) ?? []),
  };
}

/** What a definition of this build says. */
export function codeVersion(
  name: string,
  playable: Playable,
  definition: ActorDefinition,
): Version & { readonly session: ReplaySession } {
  const session = new ReplaySession(playable, definition);
  return {
    name,
    session,
    says: (index) => {
      const frame = index === session.position + 1 ? session.step() : session.goto(index);
      return frame === undefined || frame.unplayed !== undefined ? undefined : frame.says.map(utteranceOf);
    },
    unplayed: () => session.frame?.unplayed,
    violation: () => session.violation,
    placements: () => placementsAt(session),
  };
}

export const utteranceOf = (out: Outgoing): Utterance => ({
  say: out.said.say,
  subject: out.said.subject,
  hash: out.hash,
  body: () => speechNow(out).body,
  out,
});
