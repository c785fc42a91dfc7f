import type { RecordedTurn } from '../../actors/kernel/journal/journal.ts';
import { REPLY_HEADER } from '../../actors/kernel/turns/heard-calls.ts';

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

/** Of the turns up to an index, the message behind an inbox. */
export function callBehind(turns: readonly RecordedTurn[], index: number, inbox: string): string | undefined {
  for (let at = index; at >= 0; at--) {
    const rec = turns[at]?.rec;
    if (rec?.t === 'call' && rec.headers[REPLY_HEADER] === inbox) return rec.subject;
  }
  return undefined;
}
