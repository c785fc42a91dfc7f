import { isNodeMail, type RecordedTurn, type SaidThen } from '../../../actors/kernel/replay-api.ts';
import { HeardElsewhere } from '../play/heard-elsewhere.ts';
import type { Recorded } from './playable.ts';

/** What a node was told of its pods, kept by its hash alone. */
const isMailByHash = ({ subject, body, hash }: SaidThen): boolean =>
  body === undefined && hash !== '' && isNodeMail(subject);

/** Is there mail in it that is to be looked up in the recordings of the nodes? */
export const lacksMail = ({ turns }: Pick<Recorded, 'turns'>): boolean =>
  turns.some(({ said }) => said.some(isMailByHash));

/**
 * The turns with what nodes were told of their pods by value, as far as they heard it: for a file that does not hold their
 * recordings, and shall still show a difference. What carries secret data is not opened for it.
 */
export function withMail(from: Recorded, nodes: readonly Recorded[]): readonly RecordedTurn[] {
  const elsewhere = new HeardElsewhere([() => nodes]);
  return from.turns.map((turn, index) => {
    if (!turn.said.some(isMailByHash)) return turn;
    const said = turn.said.map((then) => {
      const body = isMailByHash(then) ? elsewhere.heard(from, index, then) : undefined;
      return body === undefined ? then : { ...then, body };
    });
    return { ...turn, said };
  });
}
