import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { revisionIn } from '../explain/plan-causes.ts';
import type { ReplaySession } from './session.ts';
import type { Frame } from './session-frame.ts';
import type { Candidate } from './store-bodies.ts';

/**
 * What an api-server may have had the store write: the answer says at which revision it lies in the history, and what else
 * belongs to the question is as today's code asks it.
 * @param at which of the things said
 */
export function* putBodies(session: ReplaySession, frame: Frame, at: number): Iterable<Candidate> {
  const revision = revisionWritten(session.turns, frame, at);
  if (revision === undefined) return;
  for (const { key, object } of session.playable.history.writes(revision - 1, revision)) {
    if (object === undefined) continue;
    for (const { said } of frame.says)
      if (isPlain(said.body) && said.body['key'] === key)
        yield { body: { ...said.body, object: unread(object) }, type: MSGPACK_TYPE };
  }
}

/** An object as it is written: it has no revision yet. */
function unread(object: KubeObject): object {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function revisionWritten(turns: readonly RecordedTurn[], { index, turn }: Frame, at: number): number | undefined {
  const ask = `${turn.n}.${at}`;
  for (let next = index + 1; next < turns.length; next++) {
    const rec = turns[next]?.rec;
    if (rec?.t === 'start') return undefined;
    if (rec?.t === 'answer' && rec.ask === ask)
      return rec.result instanceof Uint8Array ? revisionIn(rec.result) : undefined;
  }
  return undefined;
}
