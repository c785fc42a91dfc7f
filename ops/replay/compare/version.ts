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
  /** Where it comes from: a recording, or code that was just run. */
  readonly recorded?: SaidThen;
  readonly out?: Outgoing;
}

/** What an actor says in the turns of a recording: as it was recorded, or as some code would say it. */
export interface Version {
  readonly name: string;
  /** Asked for turn after turn, forward. @returns undefined when the turn cannot be played */
  says(index: number): readonly Utterance[] | undefined;
  /** Why the turn that was asked for last cannot be played, where it is known. */
  unplayed?(): string | undefined;
  /** What it did first, in the turns asked for so far, that a behaviour must not do. */
  violation?(): string | undefined;
  /** How the placements of the turn that was asked for last came about, where it is a scheduler that can tell. */
  placements?(): readonly PlacementTable[];
}

/**
 * As it was recorded.
 * @param session that of the code which is asked first what it says in the same turn: from what it has in view then, it is
 *   known what bodies were of which there is a hash alone
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

/** As the code at hand says it. */
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
