import { own } from '../../json-values.ts';
import type { LabelSelectorRequirement, NodeSelectorRequirement, NodeSelectorTerm, Toleration } from '../kinds.ts';
import { labelValue, qualifiedName } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';

/** A toleration without a key needs the operator `Exists`, which has no value. */
export function checkToleration(toleration: Toleration, findings: Findings): void {
  const { key = '', operator = 'Equal', value = '', effect, tolerationSeconds } = toleration;
  if (key === '' && operator !== 'Exists') {
    findings.invalid(
      'operator',
      toleration.operator ?? '',
      "operator must be Exists when `key` is empty, which means 'match all values and all keys'",
    );
  }
  if (operator === 'Exists' && value !== '') {
    findings.invalid('operator', value, "value must be empty when `operator` is 'Exists'");
  } else for (const detail of labelValue(value)) findings.invalid('operator', value, detail);
  if (tolerationSeconds !== undefined && effect !== 'NoExecute') {
    findings.invalid('effect', effect ?? '', "effect must be 'NoExecute' when `tolerationSeconds` is set");
  }
}

/** How many values each operator takes. */
const VALUES: Readonly<Record<string, 'some' | 'none' | 'one'>> = {
  In: 'some',
  NotIn: 'some',
  Exists: 'none',
  DoesNotExist: 'none',
  Gt: 'one',
  Lt: 'one',
};

function checkValues(operator: string, values: readonly string[], findings: Findings): void {
  const wanted = own(VALUES, operator);
  if (wanted === 'some' && values.length === 0) {
    findings.required('values', "must be specified when `operator` is 'In' or 'NotIn'");
  } else if (wanted === 'none' && values.length > 0) {
    findings.forbidden('values', "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
  } else if (wanted === 'one' && values.length !== 1) {
    findings.required('values', "must be specified single value when `operator` is 'Lt' or 'Gt'");
  }
}

/** One entry of a label selector's `matchExpressions`. */
export function checkLabelRequirement(requirement: LabelSelectorRequirement, findings: Findings): void {
  const { key, operator, values = [] } = requirement;
  for (const detail of qualifiedName(key)) findings.invalid('key', key, detail);
  if (!['In', 'NotIn', 'Exists', 'DoesNotExist'].includes(operator)) {
    findings.invalid('operator', operator, 'not a valid selector operator');
  }
  checkValues(operator, values, findings);
}

/** `matchFields` supports `metadata.name` only. `checkNodeRequirement` checks the general rules. */
export function checkNodeTerm({ matchFields = [] }: NodeSelectorTerm, findings: Findings): void {
  matchFields.forEach(({ key, operator, values = [] }, index) => {
    const at = `matchFields[${index}]`;
    if (key !== 'metadata.name') findings.invalid(`${at}.key`, key, 'not a valid field selector key');
    if (operator !== 'In' && operator !== 'NotIn') {
      if (own(VALUES, operator) !== undefined)
        findings.invalid(`${at}.operator`, operator, 'not a valid selector operator');
    } else if (values.length > 1) {
      const detail = "must be only one value when `operator` is 'In' or 'NotIn' for node field selector";
      findings.required(`${at}.values`, detail);
    }
  });
}

/** One entry of a node selector's `matchExpressions`, which can also compare numbers. */
export function checkNodeRequirement(requirement: NodeSelectorRequirement, findings: Findings): void {
  const { key, operator, values = [] } = requirement;
  for (const detail of qualifiedName(key)) findings.invalid('key', key, detail);
  if (own(VALUES, operator) === undefined) findings.invalid('operator', operator, 'not a valid selector operator');
  checkValues(operator, values, findings);
}
