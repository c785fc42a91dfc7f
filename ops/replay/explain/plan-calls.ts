import type { Rec } from '../../../actors/kernel/contract.ts';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { REPLY_HEADER } from '../../../actors/kernel/turns/call-routing.ts';

/**
 * Knows which message an answer was for: it goes where the message asked for it, in its turn or in a later one.
 * @returns asked of each turn in turn; gives the subject of the message behind an inbox
 */
export function callFinder(): (turn: RecordedTurn) => (inbox: string) => string | undefined {
  const subjects = new Map<string, string>();
  const find = (inbox: string): string | undefined => subjects.get(inbox);
  return ({ rec }) => {
    const inbox = rec.t === 'call' ? rec.headers[REPLY_HEADER] : undefined;
    if (rec.t === 'call' && inbox !== undefined) subjects.set(inbox, rec.subject);
    return find;
  };
}

type CallRec = Extract<Rec, { t: 'call' }>;

/** Of the turns up to an index, the message behind an inbox. */
export function callOf(turns: readonly RecordedTurn[], index: number, inbox: string): CallRec | undefined {
  return turnOfCall(turns, index, inbox)?.rec as CallRec | undefined;
}

/** The turn in which it was heard. */
export function turnOfCall(turns: readonly RecordedTurn[], index: number, inbox: string): RecordedTurn | undefined {
  for (let at = index; at >= 0; at--) {
    const turn = turns[at];
    if (turn?.rec.t === 'call' && turn.rec.headers[REPLY_HEADER] === inbox) return turn;
  }
  return undefined;
}
