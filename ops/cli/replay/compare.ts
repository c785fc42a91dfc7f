import type { Comparison, DecisionChange } from '../../replay/compare/compare-versions.ts';
import { sameDecisions, tallyTexts, turnsText } from '../../replay/compare/plan-decisions.ts';
import { knowledgeOf } from '../../replay/play/definitions.ts';
import { gapsText } from '../../replay/read/plan-gaps.ts';
import type { Painter } from '../shared/colours.ts';
import { plainSpeech } from './json.ts';
import { type Sides, saidText, timeText } from './render.ts';
import { scoresText } from './scores.ts';

/** Whether there is a finding: a changed decision, or a violation of the behaviour's contract. */
export const differs = ({ changed, violation }: Comparison): boolean => changed > 0 || violation !== undefined;

/** The lines of a comparison: a violation, one line for each entry of `says` that changed (or that nothing did), and matched nodes. */
export function comparisonLines(actor: string, comparison: Comparison): readonly string[] {
  const { violation, nodes = [] } = comparison;
  const taken = nodes.map(({ was, is, as }) => `node ${was} (-) is matched with node ${is} (+), shown as ${as}`);
  return [...(violation === undefined ? [] : [violation]), ...sumLines(actor, comparison), ...taken];
}

function sumLines(actor: string, { tallies, turns, unplayed, why, gaps = [] }: Comparison): readonly string[] {
  const texts = tallyTexts(knowledgeOf(actor).nouns ?? {}, tallies);
  const left = [
    gaps.length > 0 ? `turns not recorded: ${gapsText(gaps)}` : '',
    unplayed > 0 ? `${turnsText(unplayed)} could not be played${why === undefined ? '' : `: ${why}`}` : '',
  ].filter((text) => text !== '');
  const skipped = left.length === 0 ? '' : ` (${left.join('; ')})`;
  if (texts.length > 0) return skipped === '' ? texts : [...texts, skipped.trim()];
  const said = tallies.reduce((sum, { of }) => sum + of, 0);
  return [`${sameDecisions(said, turns)}${skipped}`];
}

/** One changed decision: the difference of the bodies, and for a placement the scores. */
export function changeText(change: DecisionChange, paint: Painter, sides?: Sides): string {
  const { turn, now, was, is, diff, tables } = change;
  const both = {
    same: false,
    ...(was === undefined ? {} : { was }),
    ...(is === undefined ? {} : { is }),
    ...(diff === undefined ? {} : { diff }),
  };
  const scores = tables === undefined ? '' : scoresText({ ...tables, chosenThen: tables.chosen }, '      ', sides);
  return `${paint('bold', `turn ${turn}`)}  ${timeText(now)}\n${saidText([both], paint, false, sides)}${scores}`;
}

/** The comparison as JSON. */
export const plainComparison = ({ changes, ...rest }: Comparison): object => ({
  ...rest,
  changes: changes.map(({ was, is, ...change }) => ({
    ...change,
    ...(was === undefined ? {} : { was: plainSpeech(was) }),
    ...(is === undefined ? {} : { is: plainSpeech(is) }),
  })),
});
