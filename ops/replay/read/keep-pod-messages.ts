import { isPodsMessage, type RecordedTurn, type SaidThen } from '../../../actors/kernel/replay-api.ts';
import { HeardElsewhere } from '../play/heard-elsewhere.ts';
import type { Recorded } from './playable.ts';

/** A message with a node's pods of which the recording has only the hash. */
const isHashOnly = ({ subject, body, hash }: SaidThen): boolean =>
  body === undefined && hash !== '' && isPodsMessage(subject);

/** Whether the recording has messages whose bodies are to be looked up in the recordings of the nodes. */
export const lacksPodMessages = ({ turns }: Pick<Recorded, 'turns'>): boolean =>
  turns.some(({ said }) => said.some(isHashOnly));

/**
 * Adds to the turns the bodies of messages to nodes, as the nodes recorded them. A file without the nodes' recordings can
 * then show a difference in them. Bodies that carry secret data are not opened and not added.
 */
export function withPodMessages(from: Recorded, nodes: readonly Recorded[]): readonly RecordedTurn[] {
  const elsewhere = new HeardElsewhere([() => nodes]);
  return from.turns.map((turn, index) => {
    if (!turn.said.some(isHashOnly)) return turn;
    const said = turn.said.map((then) => {
      const body = isHashOnly(then) ? elsewhere.heard(from, index, then) : undefined;
      return body === undefined ? then : { ...then, body };
    });
    return { ...turn, said };
  });
}
