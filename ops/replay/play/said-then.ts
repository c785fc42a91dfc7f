import { bodyIn } from '../../../actors/kernel/journal/compare-said.ts';
import type { SaidThen } from '../../../actors/kernel/journal/journal.ts';
import { encode } from '../../../contracts/codec/codec.ts';
import { StatusError } from '../../../contracts/errors/status.ts';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import { shownOf } from './bodies.ts';
import { proves } from './heard-elsewhere.ts';
import { putBodies } from './put-bodies.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';
import { type Candidate, storeBodies } from './store-bodies.ts';
import { watchBodies } from './watch-bodies.ts';

/**
 * The body of something that was recorded by its hash alone, where whoever got it recorded it, or where it is what the store
 * held: an object as it was read or written, a list or a page of one, an event of a watch. The hash proves it, so it is what
 * was said, not a guess.
 * @param frame at which the session stands
 * @returns undefined when it was something else
 */
export function bodyThen(session: ReplaySession, frame: Frame, then: SaidThen): unknown {
  if (then.body !== undefined || then.hash === '') return undefined;
  const { playable } = session;
  const heard = playable.elsewhere?.heard(playable, frame.index, then);
  if (heard !== undefined) return shownOf(then.subject, readable(heard));
  const held = firstOf(candidates(session, frame, then), ({ body, type }) =>
    proves(then, encode(body, type), playable.sealer),
  );
  return held === undefined ? undefined : shownOf(then.subject, held.body);
}

function candidates(session: ReplaySession, frame: Frame, then: SaidThen): Iterable<Candidate> {
  const { kind, subject } = then;
  if (kind === 'port') return putBodies(session, frame, frame.turn.said.indexOf(then));
  if (kind === 'reply') return storeBodies(session, frame, subject);
  return subject.startsWith(`${INBOX_ROOT}.`) ? watchBodies(session, frame, subject) : [];
}

/** What is asked for in vain has no candidates: the question was refused then, too. */
function firstOf(all: Iterable<Candidate>, isIt: (candidate: Candidate) => boolean): Candidate | undefined {
  try {
    for (const candidate of all) if (isIt(candidate)) return candidate;
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
