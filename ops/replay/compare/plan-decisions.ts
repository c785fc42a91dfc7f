import type { Tally } from './compare-versions.ts';

type Nouns = Readonly<Record<string, string>>;

/** `1 placement`, `2 placements`; without a noun, the entry of `says` in quotes. */
function decisionsText(nouns: Nouns, say: string, count: number): string {
  const noun = nouns[say];
  return noun === undefined ? `"${say}"` : `${noun}${count === 1 ? '' : 's'}`;
}

/**
 * `12 of 4,031 placements change, first at turn 1204`: one sentence for each entry of `says` that changed.
 * @param nouns what the actor's decisions are called, by the entry of `says`
 */
export function tallyTexts(nouns: Nouns, tallies: readonly Tally[]): readonly string[] {
  return tallies
    .filter(({ changed }) => changed > 0)
    .sort((a, b) => (a.first ?? 0) - (b.first ?? 0))
    .map(
      ({ say, of, changed, first }) =>
        `${thousands(changed)} of ${thousands(of)} ${decisionsText(nouns, say, of)} ${changed === 1 ? 'changes' : 'change'}, first at turn ${first ?? 0}`,
    );
}

/** The text when no decision changes. @param turns number of turns compared */
export function sameDecisions(decisions: number, turns: number): string {
  if (turns === 0) return 'nothing could be compared';
  if (decisions === 0) return `${turnsText(turns)} made no decision then and make none now`;
  if (decisions === 1) return `the one decision of ${turnsText(turns)} stays the same`;
  return `all ${thousands(decisions)} decisions of ${turnsText(turns)} stay the same`;
}

export const turnsText = (turns: number): string => (turns === 1 ? '1 turn' : `${thousands(turns)} turns`);

export const thousands = (count: number): string => String(count).replace(/\B(?=(\d{3})+$)/g, ',');
