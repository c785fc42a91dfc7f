import { own } from '../../json-values.ts';
import { compareQuantities, isWhole } from '../../quantity.ts';
import type { Quantity, ResourceRequirements } from '../kinds.ts';
import { resourceName } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';

const isExtended = (name: string): boolean => name.includes('/') && !name.includes('kubernetes.io/');
const mayNotBeOvercommitted = (name: string): boolean => isExtended(name) || name.startsWith('hugepages-');

function checkList(list: Record<string, Quantity>, field: string, findings: Findings): void {
  for (const name of Object.keys(list)) {
    const value = list[name] ?? 0;
    const path = `${field}[${name}]`;
    for (const detail of resourceName(name)) findings.invalid(path, name, detail);
    if (compareQuantities(value, 0) < 0) findings.invalid(path, value, 'must be greater than or equal to 0');
    else if (isExtended(name) && !isWhole(value)) findings.invalid(path, value, 'must be an integer');
  }
}

/** Quantities must not be negative, and a request must not exceed its limit. */
export function checkResources(resources: ResourceRequirements, findings: Findings): void {
  const { limits = {}, requests = {} } = resources;
  checkList(limits, 'limits', findings);
  checkList(requests, 'requests', findings);
  for (const [name, request] of Object.entries(requests)) {
    const limit = own(limits, name);
    if (limit === undefined) {
      if (mayNotBeOvercommitted(name))
        findings.required('limits', 'Limit must be set for non overcommitable resources');
    } else if (mayNotBeOvercommitted(name) && compareQuantities(request, limit) !== 0) {
      findings.invalid('requests', request, `must be equal to ${name} limit of ${limit}`);
    } else if (compareQuantities(request, limit) > 0) {
      findings.invalid('requests', request, `must be less than or equal to ${name} limit of ${limit}`);
    }
  }
}
