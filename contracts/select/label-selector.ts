import type { LabelSelector, LabelSelectorRequirement, NodeSelectorRequirement } from '../kinds/generated/types.ts';

type Labels = Readonly<Record<string, string>>;

/**
 * Does an object with these labels belong to the selector? An empty selector matches everything, an absent one nothing
 * (Kubernetes' `metav1.LabelSelectorAsSelector`).
 */
export function matchesLabels(selector: LabelSelector | undefined, labels: Labels = {}): boolean {
  if (selector === undefined) return false;
  for (const name in selector.matchLabels) {
    if (labels[name] !== selector.matchLabels[name]) return false;
  }
  return (selector.matchExpressions ?? []).every((requirement) => meetsRequirement(requirement, labels));
}

/** Label and node selectors share these operators; `Gt` and `Lt` are of node selectors alone. An unknown operator never matches. */
export function meetsRequirement(
  { key, operator, values = [] }: LabelSelectorRequirement | NodeSelectorRequirement,
  labels: Labels,
): boolean {
  const value = labels[key];
  switch (operator) {
    case 'In':
      return value !== undefined && values.includes(value);
    case 'NotIn':
      return value === undefined || !values.includes(value);
    case 'Exists':
      return value !== undefined;
    case 'DoesNotExist':
      return value === undefined;
    case 'Gt':
      return wholeNumber(value) > wholeNumber(values[0]);
    case 'Lt':
      return wholeNumber(value) < wholeNumber(values[0]);
    default:
      return false;
  }
}

/** `NaN`, which no comparison accepts, for what is no whole number. */
const wholeNumber = (text: string | undefined): number =>
  text !== undefined && /^-?\d+$/.test(text) ? Number(text) : Number.NaN;
