import { matchesTerm } from './node-terms.ts';
import type { Score } from './score.ts';

/** Preferred node affinity: the sum of the weights of the terms that match. */
export const scoreNodeAffinity: Score = {
  name: 'affinity',
  weight: 2,
  scale: 'up',
  skips: (pod) => pod.preferredTerms.length === 0,
  score: (pod, node) =>
    pod.preferredTerms.reduce((sum, { weight, preference }) => (matchesTerm(preference, node) ? sum + weight : sum), 0),
};
