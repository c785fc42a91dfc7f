import type { Plain } from '../json-values.ts';
import { fieldsBelow } from './defaults.ts';
import type { Format } from './name-formats.ts';
import type { FieldNode, TypeNode } from './schema.ts';
import type { Findings } from './validation-findings.ts';

/** Rules for the value of one field. */
export interface FieldRule {
  /** Must be present and not empty. */
  readonly required?: true;
  /** Of a string, or each string of a list. Empty strings count as absent. */
  readonly format?: Format;
  /** Allowed values; sorted, as in messages. */
  readonly oneOf?: readonly string[];
  readonly min?: number;
  readonly max?: number;
  /** Of a map: formats of its keys and its values. */
  readonly keys?: Format;
  readonly values?: Format;
  /** Of a list of structs: a field whose values must be unique in the list. */
  readonly uniqueBy?: string;
}
export interface TypeRule {
  readonly fields?: Readonly<Record<string, FieldRule>>;
  /** Further checks of the whole value; `findings` is at the value. */
  readonly check?: (value: never, findings: Findings) => void;
}
/** Type -> rules, applied wherever the type occurs in an object. */
export type RuleTable = Readonly<Record<string, TypeRule>>;

const isEmpty = (value: unknown): boolean =>
  value === undefined || value === '' || (Array.isArray(value) && value.length === 0);

function checkRange(value: unknown, rule: FieldRule, findings: Findings): void {
  if (typeof value !== 'number') return;
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = rule;
  if (value >= min && value <= max) return;
  const detail = Number.isFinite(max)
    ? `must be between ${min} and ${max}, inclusive`
    : `must be greater than or equal to ${min}`;
  findings.invalid('', value, detail);
}

function checkFormat(value: unknown, format: Format, findings: Findings): void {
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      for (const detail of format(item as string)) findings.invalid(`[${index}]`, item, detail);
    });
  } else if (typeof value === 'string') {
    for (const detail of format(value)) findings.invalid('', value, detail);
  }
}

function checkEntries(value: Plain, rule: FieldRule, findings: Findings): void {
  for (const key of Object.keys(value)) {
    for (const detail of rule.keys?.(key) ?? []) findings.invalid('', key, detail);
    for (const detail of rule.values?.(value[key] as string) ?? []) findings.invalid('', value[key], detail);
  }
}

function checkUnique(value: readonly Plain[], by: string, findings: Findings): void {
  const seen = new Set<unknown>();
  value.forEach((item, index) => {
    const key = item[by];
    if (isEmpty(key)) return;
    if (seen.has(key)) findings.duplicate(`[${index}].${by}`, key);
    seen.add(key);
  });
}

function checkField(value: unknown, rule: FieldRule, findings: Findings): void {
  if (isEmpty(value)) {
    if (rule.required) findings.required('');
    return;
  }
  if (rule.format !== undefined) checkFormat(value, rule.format, findings);
  if (rule.oneOf !== undefined && !rule.oneOf.includes(value as string)) {
    findings.notSupported('', value, rule.oneOf);
  }
  if (rule.min !== undefined || rule.max !== undefined) checkRange(value, rule, findings);
  if (rule.keys !== undefined || rule.values !== undefined) checkEntries(value as Plain, rule, findings);
  if (rule.uniqueBy !== undefined) checkUnique(value as Plain[], rule.uniqueBy, findings);
}

interface Plan {
  readonly fields: readonly (readonly [string, FieldRule])[];
  readonly check: ((value: Plain, findings: Findings) => void) | undefined;
  readonly below: (readonly [FieldNode, Plan])[];
}

function run(plan: Plan, value: Plain, findings: Findings): void {
  for (const [name, rule] of plan.fields) {
    findings.enter(name);
    checkField(value[name], rule, findings);
    findings.leave();
  }
  plan.check?.(value, findings);
  for (const [field, inner] of plan.below) {
    const part = value[field.name];
    if (part === undefined) continue;
    findings.enter(field.name);
    if (field.shape === 'one') run(inner, part as Plain, findings);
    else if (field.shape === 'list') runList(inner, part as Plain[], findings);
    findings.leave();
  }
}
function runList(plan: Plan, items: readonly Plain[], findings: Findings): void {
  for (let index = 0; index < items.length; index++) {
    findings.enter(index);
    run(plan, items[index] ?? {}, findings);
    findings.leave();
  }
}

/** Compiles a table for one root type. @returns checks an object, which must fit its type */
export function ruleChecker(root: TypeNode, table: RuleTable): (object: object, findings: Findings) => void {
  const plans = new Map<TypeNode, Plan>();
  const planOf = (type: TypeNode): Plan => {
    const before = plans.get(type);
    if (before !== undefined) return before;
    const rules = table[type.name];
    const plan: Plan = { fields: Object.entries(rules?.fields ?? {}), check: rules?.check as Plan['check'], below: [] };
    plans.set(type, plan);
    for (const field of fieldsBelow(type, table)) {
      if (field.type !== undefined) plan.below.push([field, planOf(field.type)]);
    }
    return plan;
  };
  const plan = planOf(root);
  return (object, findings) => run(plan, object as Plain, findings);
}
