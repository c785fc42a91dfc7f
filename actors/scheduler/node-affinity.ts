import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../contracts/kinds/kinds.ts';
import { holds, type Operator } from '../../contracts/selectors/label-selector.ts';
import type { NodeInfo } from './node-table.ts';
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

/** All requirements of a term must hold; a term without requirements matches nothing. The only field is `metadata.name`. */
function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeInfo): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meets(requirement, node.labels)) &&
    matchFields.every((requirement) => meets(requirement, { 'metadata.name': node.name }))
  );
}

/** An unknown operator never holds. */
const meets = ({ key, operator, values }: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean =>
  holds({ key, operator: operator as Operator, values: values ?? [] }, labels);
