import type { NodeSelectorRequirement, NodeSelectorTerm, Pod } from '../kinds/generated/types.ts';
import { holds, type Operator } from './label-selector.ts';

interface LabelledNode {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** All requirements of a term must hold; a term without requirements matches nothing. The only field is `metadata.name`. */
export function matchesTerm(
  { matchExpressions = [], matchFields = [] }: NodeSelectorTerm,
  node: LabelledNode,
): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meets(requirement, node.labels)) &&
    matchFields.every((requirement) => meets(requirement, { 'metadata.name': node.name }))
  );
}

/** An unknown operator never holds. */
const meets = ({ key, operator, values }: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean =>
  holds({ key, operator: operator as Operator, values: values ?? [] }, labels);

/** Whether a pod's `nodeSelector` and required node affinity let it run on a node. */
export function matchesNode({ spec }: Pod, node: LabelledNode): boolean {
  const terms = spec?.affinity?.nodeAffinity?.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  const selected = Object.entries(spec?.nodeSelector ?? {}).every(([name, value]) => node.labels[name] === value);
  return selected && terms?.some((term) => matchesTerm(term, node)) !== false;
}
