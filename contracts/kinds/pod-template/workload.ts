import { sameValue } from '../../json-values.ts';
import { labelSelectorText, selectorMatches } from '../../selectors/label-selector.ts';
import type { Column } from '../kind.ts';
import type { LabelSelector, PodSpec, PodTemplateSpec } from '../kinds.ts';
import { wide } from '../meta/columns.ts';
import type { Findings } from '../validation-findings.ts';
import { checkDeletionCost } from './deletion-cost.ts';

interface WorkloadSpec {
  readonly selector?: LabelSelector;
  readonly template?: PodTemplateSpec;
}

const isEmpty = ({ matchLabels = {}, matchExpressions = [] }: LabelSelector): boolean =>
  Object.keys(matchLabels).length === 0 && matchExpressions.length === 0;

function checkTemplateSpec(kind: string, spec: PodSpec, findings: Findings): void {
  if (spec.restartPolicy !== undefined && spec.restartPolicy !== 'Always') {
    findings.notSupported('template.spec.restartPolicy', spec.restartPolicy, ['Always']);
  }
  if (spec.activeDeadlineSeconds !== undefined) {
    findings.forbidden('template.spec.activeDeadlineSeconds', `activeDeadlineSeconds in ${kind} is not Supported`);
  }
  if ((spec.ephemeralContainers ?? []).length > 0) {
    findings.forbidden('template.spec.ephemeralContainers', 'ephemeral containers not allowed in pod template');
  }
}

/** The selector must match the template's labels, and the template's pods must restart. */
export const checkWorkload =
  (kind: string) =>
  ({ selector, template }: WorkloadSpec, findings: Findings): void => {
    if (selector === undefined || template === undefined) return; // reported by the rule table
    if (isEmpty(selector)) {
      findings.invalid('selector', selector, `empty selector is invalid for ${kind.toLowerCase()}`);
    } else if (!selectorMatches(selector, template.metadata?.labels ?? {})) {
      const labels = template.metadata?.labels ?? {};
      findings.invalid('template.metadata.labels', labels, '`selector` does not match template `labels`');
    }
    if (template.spec === undefined) findings.required('template.spec');
    else checkTemplateSpec(kind, template.spec, findings);
  };

/** A workload's selector is immutable. */
export function checkSelectorKept<T extends { spec?: WorkloadSpec }>(object: T, old: T, findings: Findings): void {
  if (sameValue(object.spec?.selector, old.spec?.selector)) return;
  findings.invalid('spec.selector', object.spec?.selector, 'field is immutable');
}

/** Checks the template's deletion cost. @param old absent for a create */
export function checkTemplateCost<T extends { spec?: WorkloadSpec }>(
  object: T,
  old: T | undefined,
  findings: Findings,
) {
  const [now, before] = [object.spec?.template?.metadata, old?.spec?.template?.metadata];
  checkDeletionCost(now, before, 'spec.template.metadata', findings);
}

/** Columns of `-o wide` for all kinds with a pod template. */
export const templateColumns = <T extends { spec?: WorkloadSpec }>(): readonly Column<T>[] => [
  wide('CONTAINERS', ({ spec }) => (spec?.template?.spec?.containers ?? []).map((one) => one.name).join(',')),
  wide('IMAGES', ({ spec }) => (spec?.template?.spec?.containers ?? []).map((one) => one.image ?? '').join(',')),
  wide('SELECTOR', ({ spec }) => labelSelectorText(spec?.selector)),
];
