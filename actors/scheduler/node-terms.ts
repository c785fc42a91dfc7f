import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../contracts/kinds/kinds.ts';
import { holds, type Operator } from '../../contracts/selectors/label-selector.ts';
import type { NodeInfo } from './node-table.ts';

/** All requirements of a term must hold; a term without any matches nothing. The only field is `metadata.name`. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeInfo): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meets(requirement, node.labels)) &&
    matchFields.every((requirement) => meets(requirement, { 'metadata.name': node.name }))
  );
}

/** An operator that is not known holds never. */
const meets = ({ key, operator, values }: NodeSelectorRequirement, labels: Readonly<Record<string, string>>): boolean =>
  holds({ key, operator: operator as Operator, values: values ?? [] }, labels);
