import type { Rec } from './contract.ts';
import type { RecordedTurn } from './journal/journal.ts';
import { REPLY_HEADER } from './turns/call-routing.ts';

/**
 * Finds the request that an answer belongs to, by the inbox that the request named.
 * @returns a function to call with each turn in order; it returns the subject of the request behind an inbox
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

/** The request behind an inbox, among the turns up to an index. */
export function callOf(turns: readonly RecordedTurn[], index: number, inbox: string): CallRec | undefined {
  return turnOfCall(turns, index, inbox)?.rec as CallRec | undefined;
}

/** The turn that received the request behind an inbox, among the turns up to an index. */
export function turnOfCall(turns: readonly RecordedTurn[], index: number, inbox: string): RecordedTurn | undefined {
  for (let at = index; at >= 0; at--) {
    const turn = turns[at];
    if (turn?.rec.t === 'call' && turn.rec.headers[REPLY_HEADER] === inbox) return turn;
  }
  return undefined;
}
