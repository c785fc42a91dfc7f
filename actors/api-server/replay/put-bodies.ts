import { MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { PossibleBody, TurnInReplay } from '../../kernel/replay-knowledge.ts';
import { revisionIn } from './written-revision.ts';

/**
 * Possible bodies of a request to the store to write an object. The answer names the revision, under which the history holds
 * the object; the other fields are those of today's requests.
 * @param at index of the request in what the turn said
 */
export function* putBodies(replayed: TurnInReplay, at: number): Iterable<PossibleBody> {
  const revision = revisionWritten(replayed, at);
  if (revision === undefined) return;
  for (const { key, object } of replayed.history.writes(revision - 1, revision)) {
    if (object === undefined) continue;
    for (const { said } of replayed.says)
      if (isPlain(said.body) && said.body['key'] === key)
        yield { body: { ...said.body, object: withoutRevision(object) }, type: MSGPACK_TYPE };
  }
}

/** An object as it is sent to the store, which assigns the revision. */
function withoutRevision(object: KubeObject): object {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  return { ...object, metadata };
}

function revisionWritten({ turns, index, turn }: TurnInReplay, at: number): number | undefined {
  const ask = `${turn.n}.${at}`;
  for (let next = index + 1; next < turns.length; next++) {
    const rec = turns[next]?.rec;
    if (rec?.t === 'start') return undefined;
    if (rec?.t === 'answer' && rec.ask === ask)
      return rec.result instanceof Uint8Array ? revisionIn(rec.result) : undefined;
  }
  return undefined;
}
