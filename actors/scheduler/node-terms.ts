import type { NodeSelectorTerm } from '../../contracts/kinds/kinds.ts';
import { meetsRequirement } from '../../contracts/select/label-selector.ts';
import type { NodeInfo } from './node-table.ts';

/** All requirements of a term must hold; a term without any matches nothing. The only field is `metadata.name`. */
export function matchesTerm({ matchExpressions = [], matchFields = [] }: NodeSelectorTerm, node: NodeInfo): boolean {
  if (matchExpressions.length === 0 && matchFields.length === 0) return false;
  return (
    matchExpressions.every((requirement) => meetsRequirement(requirement, node.labels)) &&
    matchFields.every((requirement) => meetsRequirement(requirement, { 'metadata.name': node.name }))
  );
}
