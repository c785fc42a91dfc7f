import { matchesTerm } from './node-terms.ts';
import type { Filter } from './plugin.ts';

/** `nodeSelector` and required node affinity. */
export const filterNodeAffinity: Filter = (pod, node) => {
  for (const [name, value] of pod.nodeSelector) if (node.labels[name] !== value) return MISMATCH;
  return pod.requiredTerms?.some((term) => matchesTerm(term, node)) === false ? MISMATCH : undefined;
};

const MISMATCH = "node(s) didn't match Pod's node affinity/selector";
