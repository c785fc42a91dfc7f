import type { DeploymentStrategy, IntOrString } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

/** A number, or the number of a percentage; `undefined` when it is neither. */
const amount = (value: IntOrString): number | undefined => {
  if (typeof value === 'number') return value;
  const percent = /^(\d+)%$/.exec(value)?.[1];
  return percent === undefined ? undefined : Number(percent);
};

function checkAmount(field: string, value: IntOrString, findings: Findings): void {
  const found = amount(value);
  if (found === undefined) {
    findings.invalid(
      field,
      value,
      "a valid percent string must be a numeric string followed by an ending '%' (e.g. '1%', or '93%', regex used for validation is '[0-9]+%')",
    );
  } else if (found < 0) findings.invalid(field, value, 'must be greater than or equal to 0');
}

/** `maxSurge` and `maxUnavailable` must not both be 0, or a rolling update could not make progress. */
export function checkRolling({ type, rollingUpdate }: DeploymentStrategy, findings: Findings): void {
  if (rollingUpdate === undefined) return;
  if (type === 'Recreate') {
    findings.forbidden('rollingUpdate', "may not be specified when strategy `type` is 'Recreate'");
    return;
  }
  const { maxUnavailable = 0, maxSurge = 0 } = rollingUpdate;
  checkAmount('rollingUpdate.maxUnavailable', maxUnavailable, findings);
  checkAmount('rollingUpdate.maxSurge', maxSurge, findings);
  if (typeof maxUnavailable === 'string' && (amount(maxUnavailable) ?? 0) > 100) {
    findings.invalid('rollingUpdate.maxUnavailable', maxUnavailable, 'must not be greater than 100%');
  }
  if (amount(maxUnavailable) === 0 && amount(maxSurge) === 0) {
    findings.invalid('rollingUpdate.maxUnavailable', maxUnavailable, 'may not be 0 when `maxSurge` is 0');
  }
}
