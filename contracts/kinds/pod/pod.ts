import { defineKind } from '../kind.ts';
import type { Pod, PodCondition, PodStatus } from '../kinds.ts';
import { firstGeneration, keepStatus, nextGeneration } from '../meta/system-fields.ts';
import { dnsSubdomain } from '../name-formats.ts';
import { checkDeletionCost } from '../pod-template/deletion-cost.ts';
import { POD_SPEC_MERGE_KEYS } from '../pod-template/merge-keys.ts';
import { POD_SPEC_RULES } from '../pod-template/rules.ts';
import type { Findings } from '../validation-findings.ts';
import { checkPodUpdate } from './check-update.ts';
import { POD_COLUMNS } from './columns.ts';
import { addNodeTolerations, POD_DEFAULTS } from './defaults.ts';
import { qosClass } from './qos-class.ts';

function checkCreate(pod: Pod, findings: Findings): void {
  checkDeletionCost(pod.metadata, undefined, 'metadata', findings);
  if ((pod.spec?.ephemeralContainers ?? []).length > 0) {
    findings.forbidden('spec.ephemeralContainers', 'cannot be set on create');
  }
  if (pod.spec?.nodeName && (pod.spec.schedulingGates ?? []).length > 0) {
    findings.forbidden('spec.nodeName', 'cannot be set until all schedulingGates have been cleared');
  }
}

/**
 * The condition of a new pod with scheduling gates; the scheduler replaces it when the gates are removed.
 * @see kubernetes pkg/registry/core/pod/strategy.go: applySchedulingGatedCondition
 */
function gatedStatus({ spec, metadata }: Pod): Pick<PodStatus, 'conditions'> {
  if ((spec?.schedulingGates ?? []).length === 0) return {};
  const { creationTimestamp } = metadata ?? {};
  const gated: PodCondition = {
    type: 'PodScheduled',
    status: 'False',
    reason: 'SchedulingGated',
    message: 'Scheduling is blocked due to non-empty scheduling gates',
    ...(creationTimestamp === undefined ? {} : { lastTransitionTime: creationTimestamp }),
  };
  return { conditions: [gated] };
}

export const podKind = defineKind<Pod>({
  resource: 'pods',
  singular: 'pod',
  kind: 'Pod',
  shortNames: ['po'],
  categories: ['all'],
  namespaced: true,
  subresources: ['status', 'binding', 'log', 'exec', 'portforward'],
  apiVersion: 'v1',
  selectableFields: {
    'spec.nodeName': (pod) => pod.spec?.nodeName ?? '',
    'spec.restartPolicy': (pod) => pod.spec?.restartPolicy ?? '',
    'spec.schedulerName': (pod) => pod.spec?.schedulerName ?? '',
    'spec.serviceAccountName': (pod) => pod.spec?.serviceAccountName ?? '',
    'spec.hostNetwork': (pod) => String(pod.spec?.hostNetwork ?? false),
    'status.phase': (pod) => pod.status?.phase ?? '',
    'status.podIP': (pod) => pod.status?.podIP ?? '',
    'status.nominatedNodeName': (pod) => pod.status?.nominatedNodeName ?? '',
  },
  columns: POD_COLUMNS,
  defaults: POD_DEFAULTS,
  rules: { ...POD_SPEC_RULES, Pod: { fields: { spec: { required: true } } } },
  mergeKeys: POD_SPEC_MERGE_KEYS,
  nameFormat: dnsSubdomain,
  prepareForCreate: (pod) => {
    firstGeneration(pod);
    if (pod.spec === undefined) return;
    addNodeTolerations(pod.spec);
    pod.status = { phase: 'Pending', ...gatedStatus(pod), qosClass: qosClass(pod.spec) };
  },
  prepareForUpdate: (pod, old) => {
    keepStatus(pod, old);
    // Added again, as in Kubernetes: a re-applied manifest does not contain them, and removing a toleration is forbidden.
    if (pod.spec !== undefined) addNodeTolerations(pod.spec);
    nextGeneration(pod, old);
  },
  prepareForStatus: (pod, old) => {
    // Older writers of a status omit the QoS class.
    if (pod.status !== undefined && !pod.status.qosClass && old.status?.qosClass)
      pod.status = { ...pod.status, qosClass: old.status.qosClass };
  },
  checkCreate,
  checkUpdate: checkPodUpdate,
});

/** Has a pod in this phase ended, successfully or not? None of its containers will run again. */
export const hasEnded = (phase: unknown): phase is 'Succeeded' | 'Failed' =>
  phase === 'Succeeded' || phase === 'Failed';
