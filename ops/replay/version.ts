import type { PlacementTable } from '../../actors/scheduler/explain-placement.ts';
import { explainTurn } from '../../actors/scheduler/explain-placement.ts';
import type { Json } from '../../actors/kernel/contract.ts';
import type { ActorDefinition } from '../../actors/kernel/declare.ts';
import type { SaidThen } from '../../actors/kernel/journal/journal.ts';
import type { Outgoing } from '../../actors/kernel/turns/outgoing.ts';
import { saidBody } from './bodies.ts';
import type { Playable } from './playable.ts';
import { ReplaySession } from './session.ts';
import { speechNow } from './turn-report.ts';

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
  /** How the placements of the turn that was asked for last came about, where it is a scheduler that can tell. */
  placements?(): readonly PlacementTable[];
}

/** As it was recorded. */
export const recordedVersion = ({ turns }: Playable): Version => ({
  name: 'the recording',
  says: (index) =>
    turns[index]?.said.map((then) => ({
      say: then.say,
      subject: then.subject,
      hash: then.hash,
      body: () => saidBody(then),
      recorded: then,
    })),
});

/** As the code at hand says it. */
export function codeVersion(name: string, playable: Playable, definition: ActorDefinition): Version {
  const session = new ReplaySession(playable, definition);
  return {
    name,
    says: (index) => {
      const frame = index === session.position + 1 ? session.step() : session.goto(index);
      return frame === undefined || frame.unplayed !== undefined ? undefined : frame.says.map(utteranceOf);
    },
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

/** How the placements of the turn came about at which the session of a scheduler stands. */
export function placementsAt(session: ReplaySession): readonly PlacementTable[] {
  const { frame } = session;
  if (frame === undefined || session.definition.name !== 'scheduler') return [];
  const after = session.cells();
  const before = new Map<string, Json>(Object.entries(after));
  for (const { name, before: was } of frame.cells) {
    if (was === undefined) before.delete(name);
    else before.set(name, was);
  }
  return explainTurn({
    view: session.view(),
    before: Object.fromEntries(before),
    after,
    said: frame.says.map(({ said }) => said),
  });
}
