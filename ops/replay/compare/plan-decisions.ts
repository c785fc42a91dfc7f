import type { Tally } from './compare-versions.ts';

/** What an actor's sayings are called where they are counted. */
const NOUNS: Readonly<Record<string, string>> = {
  'scheduler bind': 'placement',
  'scheduler status': 'refusal',
  'scheduler event': 'event',
  'api-server reply': 'answer',
};

/** `placements`, of one `placement`, else the entry of `says` in quotes. */
function decisionsOf(actor: string, say: string, count: number): string {
  const noun = NOUNS[`${actor} ${say}`];
  return noun === undefined ? `"${say}"` : `${noun}${count === 1 ? '' : 's'}`;
}

/** `12 of 4,031 placements change, first at turn 1204`; one sentence an entry that changed. */
export function tallyTexts(actor: string, tallies: readonly Tally[]): readonly string[] {
  return tallies
    .filter(({ changed }) => changed > 0)
    .sort((a, b) => (a.first ?? 0) - (b.first ?? 0))
    .map(
      ({ say, of, changed, first }) =>
        `${thousands(changed)} of ${thousands(of)} ${decisionsOf(actor, say, of)} ${changed === 1 ? 'changes' : 'change'}, first at turn ${first ?? 0}`,
    );
}

/** Of so many decisions none changes. @param turns that were compared */
export function sameDecisions(decisions: number, turns: number): string {
  if (turns === 0) return 'nothing could be compared';
  if (decisions === 0) return `nothing was decided in ${turnsText(turns)}, and nothing is now`;
  if (decisions === 1) return `the one decision of ${turnsText(turns)} stays the same`;
  return `all ${thousands(decisions)} decisions of ${turnsText(turns)} stay the same`;
}

export const turnsText = (turns: number): string => (turns === 1 ? '1 turn' : `${thousands(turns)} turns`);

export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
