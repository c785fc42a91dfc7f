import { bodyIn, type PossibleBody, type SaidThen, type TurnInReplay } from '../../../actors/kernel/replay-api.ts';
import { encode } from '../../../contracts/codec/codec.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { shownOf } from './bodies.ts';
import { knowledgeOf } from './definitions.ts';
import { proves } from './heard-elsewhere.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';

/**
 * Finds the body of something that was recorded only as a hash: in the recording of the receiver, or among the bodies that
 * the actor's own folder names as possible (`ReplayKnowledge.bodiesOf`). The hash proves that it is the one.
 * @param frame the session's current turn
 * @returns undefined when it is not found
 */
export function bodyThen(session: ReplaySession, frame: Frame, then: SaidThen): unknown {
  if (then.body !== undefined || then.hash === '') return undefined;
  const { playable } = session;
  const heard = playable.elsewhere?.heard(playable, frame.index, then);
  if (heard !== undefined) return shownOf(then.subject, readable(heard));
  const possible = knowledgeOf(playable.incarnation.self.actor).bodiesOf?.(replayedTurn(session, frame), then) ?? [];
  const found = firstOf(possible, ({ body, type }) => proves(then, encode(body, type), playable.sealer));
  return found === undefined ? undefined : shownOf(then.subject, found.body);
}

const replayedTurn = (session: ReplaySession, { index, turn, says, cells }: Frame): TurnInReplay => ({
  incarnation: session.playable.incarnation,
  turns: session.turns,
  index,
  turn,
  history: session.playable.history,
  sealer: session.playable.sealer,
  says,
  view: () => session.view(),
  viewAt: (revision) => session.viewAt(revision),
  cells: () => session.cells(),
  cellsBefore: new Map(cells.map(({ name, before }) => [name, before])),
});

/** The first match. A StatusError means that the request was rejected, so there is none. */
function firstOf(all: Iterable<PossibleBody>, isIt: (one: PossibleBody) => boolean): PossibleBody | undefined {
  try {
    for (const one of all) if (isIt(one)) return one;
  } catch (error) {
    if (!(error instanceof StatusError)) throw error;
  }
  return undefined;
}

function readable(bytes: Uint8Array): unknown {
  try {
    return bodyIn(bytes);
  } catch {
    return undefined;
  }
}
