import type { Kind } from '../../../contracts/kinds/kind.ts';
import { matchesFields, parseFieldSelector } from '../../../contracts/selectors/field-selector.ts';
import { matchesLabels, parseLabelSelector } from '../../../contracts/selectors/label-selector.ts';
import type { Obj } from '../object.ts';

const EVERYTHING = (): boolean => true;

/** A predicate for stored objects that match both selectors; empty ones match everything. @throws StatusError BadRequest */
export function selection(
  kind: Kind,
  { labelSelector = '', fieldSelector = '' }: { readonly labelSelector?: string; readonly fieldSelector?: string },
): (object: Obj) => boolean {
  const labels = parseLabelSelector(labelSelector);
  const fields = parseFieldSelector(kind, fieldSelector);
  if (labels.length === 0 && fields.length === 0) return EVERYTHING;
  return (object) => matchesLabels(labels, object.metadata.labels) && matchesFields(kind, fields, object);
}
