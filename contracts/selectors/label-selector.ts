import { statusError } from '../errors/status.ts';
import { own } from '../json-values.ts';
import type { LabelSelector } from '../kinds/kinds.ts';
import { labelValue, qualifiedName } from '../kinds/name-formats.ts';

export type Operator = 'In' | 'NotIn' | 'Exists' | 'DoesNotExist' | 'Gt' | 'Lt';
/** One condition on one label. */
export interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}
export type Labels = Readonly<Record<string, string>>;

function compares(value: string | undefined, operator: 'Gt' | 'Lt', limit: string | undefined): boolean {
  if (value === undefined || limit === undefined || !/^-?\d+$/.test(value) || !/^-?\d+$/.test(limit)) return false;
  return operator === 'Gt' ? Number(value) > Number(limit) : Number(value) < Number(limit);
}

/** Do the labels meet one condition? `NotIn` also holds for an absent label, as in Kubernetes; an unknown operator never does. */
export function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const value = own(labels, key);
  if (operator === 'In') return value !== undefined && values.includes(value);
  if (operator === 'NotIn') return value === undefined || !values.includes(value);
  if (operator === 'Exists') return value !== undefined;
  if (operator === 'DoesNotExist') return value === undefined;
  return (operator === 'Gt' || operator === 'Lt') && compares(value, operator, values[0]);
}

/** Do the labels meet all conditions? */
export const matchesLabels = (requirements: readonly Requirement[], labels: Labels | undefined): boolean =>
  requirements.every((requirement) => holds(requirement, labels ?? {}));

/** The conditions of an object's `LabelSelector`. `{}` has none and selects everything. */
export function requirementsOf({ matchLabels = {}, matchExpressions = [] }: LabelSelector): readonly Requirement[] {
  const equals = Object.keys(matchLabels).map(
    (key): Requirement => ({ key, operator: 'In', values: [matchLabels[key] ?? ''] }),
  );
  const more = matchExpressions.map(
    ({ key, operator, values }): Requirement => ({ key, operator: operator as Operator, values: values ?? [] }),
  );
  return [...equals, ...more];
}

/** Does the selector of an object (a Deployment, a ReplicaSet) select these labels? An absent selector selects nothing. */
export function selectorMatches(selector: LabelSelector | undefined, labels: Labels | undefined): boolean {
  if (selector === undefined) return false;
  for (const key of Object.keys(selector.matchLabels ?? {})) {
    if (own(labels, key) !== selector.matchLabels?.[key]) return false;
  }
  return (selector.matchExpressions ?? []).every(({ key, operator, values }) =>
    holds({ key, operator: operator as Operator, values: values ?? [] }, labels ?? {}),
  );
}

function requirementText({ key, operator, values }: Requirement): string {
  if (operator === 'In' && values.length === 1) return `${key}=${values[0]}`;
  if (operator === 'NotIn' && values.length === 1) return `${key}!=${values[0]}`;
  if (operator === 'In') return `${key} in (${[...values].sort().join(',')})`;
  if (operator === 'NotIn') return `${key} notin (${[...values].sort().join(',')})`;
  if (operator === 'Exists') return key;
  if (operator === 'DoesNotExist') return `!${key}`;
  return `${key}${operator === 'Gt' ? '>' : '<'}${values[0] ?? ''}`;
}

/** The selector in the syntax of `-l`: `app=web,tier in (a,b)`. */
export const requirementsText = (requirements: readonly Requirement[]): string =>
  requirements.map(requirementText).join(',');

/** As kubectl prints an object's selector: `<none>` when it is absent or empty. */
export function labelSelectorText(selector: LabelSelector | undefined): string {
  const text = selector === undefined ? '' : requirementsText(requirementsOf(selector));
  return text === '' ? '<none>' : text;
}

const refuse = (selector: string, finding: string): never => {
  throw statusError(
    'BadRequest',
    `unable to parse label selector "${selector}": ${finding}; write e.g. app=web,tier!=db,env in (a,b),!old`,
  );
};

/** Splits at commas outside parentheses. */
function parts(selector: string): readonly string[] {
  const found: string[] = [];
  let depth = 0;
  let start = 0;
  for (let at = 0; at < selector.length; at++) {
    const char = selector[at];
    if (char === '(') depth++;
    else if (char === ')') depth--;
    else if (char === ',' && depth === 0) {
      found.push(selector.slice(start, at));
      start = at + 1;
    }
  }
  return [...found, selector.slice(start)];
}

const EQUALITY = /^([^\s=!<>(),]+)\s*(==|=|!=|>|<)\s*([^\s=!<>(),]*)$/;
const SET = /^([^\s=!<>(),]+)\s+(in|notin)\s*\(([^()]*)\)$/;
const PRESENCE = /^(!?)\s*([^\s=!<>(),]+)$/;
const EQUALITY_OPERATORS: Readonly<Record<string, Operator>> = {
  '=': 'In',
  '==': 'In',
  '!=': 'NotIn',
  '>': 'Gt',
  '<': 'Lt',
};

function parsePart(text: string): Requirement | undefined {
  const equality = EQUALITY.exec(text);
  if (equality !== null) {
    return {
      key: equality[1] ?? '',
      operator: EQUALITY_OPERATORS[equality[2] ?? ''] ?? 'In',
      values: [equality[3] ?? ''],
    };
  }
  const set = SET.exec(text);
  if (set !== null) {
    const values = (set[3] ?? '').split(',').map((value) => value.trim());
    return { key: set[1] ?? '', operator: set[2] === 'in' ? 'In' : 'NotIn', values };
  }
  const presence = PRESENCE.exec(text);
  if (presence === null) return undefined;
  return { key: presence[2] ?? '', operator: presence[1] === '!' ? 'DoesNotExist' : 'Exists', values: [] };
}

/** The error in a condition that was parsed; `undefined` if it is valid. */
function complaint({ key, operator, values }: Requirement): string | undefined {
  const [ofKey] = qualifiedName(key);
  if (ofKey !== undefined) return `the key "${key}" is not a label key: ${ofKey}`;
  if (operator === 'Gt' || operator === 'Lt') {
    return /^-?\d+$/.test(values[0] ?? '') ? undefined : `"${values[0] ?? ''}" is not a whole number`;
  }
  for (const value of values) {
    const [ofValue] = labelValue(value);
    if (ofValue !== undefined) return `the value "${value}" is not a label value: ${ofValue}`;
  }
  return undefined;
}

/**
 * Parses a label selector of `-l` or `labelSelector`: `a=b`, `a==b`, `a!=b`, `a in (b,c)`, `a notin (b)`, `a`, `!a`, `a>1`,
 * `a<1`, joined by commas. Empty = everything.
 * @throws StatusError BadRequest
 */
export function parseLabelSelector(selector: string): readonly Requirement[] {
  if (selector.trim() === '') return [];
  return parts(selector).map((part) => {
    const text = part.trim();
    const requirement = parsePart(text);
    if (requirement === undefined)
      return refuse(selector, text === '' ? 'a condition is missing' : `"${text}" is not a condition`);
    const wrong = complaint(requirement);
    return wrong === undefined ? requirement : refuse(selector, wrong);
  });
}
