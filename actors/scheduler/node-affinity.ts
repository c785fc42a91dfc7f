import { matchesTerm } from '../../contracts/selectors/node-selector.ts';
import type { Filter, Score } from './plugin.ts';

/** `spec.nodeName`: a pod that names its node can run only there. */
export const filterNodeName: Filter = (pod, node) =>
  pod.nodeName === undefined || pod.nodeName === '' || pod.nodeName === node.name
    ? undefined
    : "node(s) didn't match the requested node name";

/** `nodeSelector` and required node affinity. */
export const filterNodeAffinity: Filter = (pod, node) => {
  for (const [name, value] of pod.nodeSelector) if (node.labels[name] !== value) return MISMATCH;
  return pod.requiredTerms?.some((term) => matchesTerm(term, node)) === false ? MISMATCH : undefined;
};

const MISMATCH = "node(s) didn't match Pod's node affinity/selector";

/** Preferred node affinity: the sum of the weights of the terms that match. */
export const scoreNodeAffinity: Score = {
  name: 'affinity',
  weight: 2,
  scale: 'up',
  skips: (pod) => pod.preferredTerms.length === 0,
  score: (pod, node) =>
    pod.preferredTerms.reduce((sum, { weight, preference }) => (matchesTerm(preference, node) ? sum + weight : sum), 0),
};
