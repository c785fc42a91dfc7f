import { sameValue } from '../../json-values.ts';
import { inOneForm } from '../canonical-copy.ts';
import type { Container, Pod, PodSpec, Toleration } from '../kinds.ts';
import { checkDeletionCost } from '../pod-template/deletion-cost.ts';
import { typeNode } from '../schema.ts';
import type { Findings } from '../validation-findings.ts';

const FIXED =
  'pod updates may not change fields other than `spec.containers[*].image`,`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was previously negative)';

function checkDeadline(now: PodSpec, before: PodSpec, findings: Findings): void {
  const [seconds, old] = [now.activeDeadlineSeconds, before.activeDeadlineSeconds];
  if (old === undefined || seconds === old) return;
  if (seconds === undefined) {
    findings.invalid('activeDeadlineSeconds', null, 'must not update from a positive integer to nil value');
  } else if (seconds > old) {
    findings.invalid('activeDeadlineSeconds', seconds, 'must be less than or equal to previous value');
  }
}

const sameToleration = (a: Toleration, b: Toleration): boolean =>
  a.key === b.key &&
  (a.operator ?? 'Equal') === (b.operator ?? 'Equal') &&
  a.effect === b.effect &&
  (a.value ?? '') === (b.value ?? '');

function checkTolerations(now: PodSpec, before: PodSpec, findings: Findings): void {
  const kept = (old: Toleration): boolean => (now.tolerations ?? []).some((one) => sameToleration(one, old));
  if ((before.tolerations ?? []).every(kept)) return;
  findings.forbidden('tolerations', 'existing toleration can not be modified except its tolerationSeconds');
}

function checkGates(now: PodSpec, before: PodSpec, findings: Findings): void {
  const known = new Set((before.schedulingGates ?? []).map((gate) => gate.name));
  now.schedulingGates?.forEach((gate, index) => {
    if (!known.has(gate.name)) {
      findings.forbidden(`schedulingGates[${index}]`, 'only deletion is allowed, but found new scheduling gate');
    }
  });
}

/** A negative grace period may be corrected to 1. */
const isGraceCorrected = (now: PodSpec, before: PodSpec): boolean =>
  (before.terminationGracePeriodSeconds ?? 0) < 0 && now.terminationGracePeriodSeconds === 1;

const withoutImages = (containers: readonly Container[] | undefined): readonly Container[] =>
  (containers ?? []).map((container) => ({ ...container, image: '' }));

const count = (containers: readonly Container[] | undefined): number => (containers ?? []).length;

const SPEC = typeNode('PodSpec');

/** The spec without the fields that may change. */
const fixedPart = (spec: PodSpec): Record<string, unknown> =>
  inOneForm(SPEC, {
    ...spec,
    containers: withoutImages(spec.containers),
    initContainers: withoutImages(spec.initContainers),
    activeDeadlineSeconds: undefined,
    tolerations: undefined,
    schedulingGates: undefined,
  });

function checkQosClass(pod: Pod, old: Pod, findings: Findings): void {
  const [now, before] = [pod.status?.qosClass, old.status?.qosClass];
  if (before !== undefined && now !== before) findings.invalid('status.qosClass', now, 'field is immutable');
}

/** Only a few fields of a pod's spec may change. */
export function checkPodUpdate(pod: Pod, old: Pod, findings: Findings): void {
  checkQosClass(pod, old, findings);
  checkDeletionCost(pod.metadata, old.metadata, 'metadata', findings);
  const [now, before] = [pod.spec, old.spec];
  if (now === undefined || before === undefined || now === before) return;
  findings.enter('spec');
  checkDeadline(now, before, findings);
  checkTolerations(now, before, findings);
  checkGates(now, before, findings);
  findings.leave();
  if (count(now.containers) !== count(before.containers)) {
    findings.forbidden('spec.containers', 'pod updates may not add or remove containers');
    return;
  }
  if (count(now.initContainers) !== count(before.initContainers)) {
    findings.forbidden('spec.initContainers', 'pod updates may not add or remove containers');
    return;
  }
  const [fixed, fixedBefore] = [fixedPart(now), fixedPart(before)];
  if (isGraceCorrected(now, before)) fixedBefore['terminationGracePeriodSeconds'] = 1;
  const names = [...new Set([...Object.keys(fixed), ...Object.keys(fixedBefore)])];
  const changed = names.filter((name) => !sameValue(fixed[name], fixedBefore[name]));
  if (changed.length > 0) findings.forbidden('spec', `${FIXED}; changed: ${changed.join(', ')}`);
}
