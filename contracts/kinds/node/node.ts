import { sameValue } from '../../json-values.ts';
import type { EventNote } from '../event/make-event.ts';
import { defineKind } from '../kind.ts';
import type { Node, NodeSpec, Taint } from '../kinds.ts';
import { AGE, column, NAME, orNone, wide } from '../meta/columns.ts';
import { conditionOf } from '../meta/conditions.ts';
import { keepStatus } from '../meta/system-fields.ts';
import { cidr, dnsSubdomain, labelValue, qualifiedName } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';

const ROLE = 'node-role.kubernetes.io/';
/** Key of the taint of a node that is not ready. */
export const NOT_READY = 'node.kubernetes.io/not-ready';
/** Message of the Ready condition of a starting node, followed by a colon and the runtime's last known problem, if any. */
export const RUNTIME_UNANSWERED = 'container runtime has not answered yet';
/** Key of the taint of a node whose heartbeats are missing. */
export const UNREACHABLE = 'node.kubernetes.io/unreachable';

/** `Ready`, `NotReady`, `Unknown`, with `SchedulingDisabled` after a comma. */
function statusText(node: Node): string {
  const ready = conditionOf(node.status, 'Ready');
  const state = ready === undefined ? 'Unknown' : ready.status === 'True' ? 'Ready' : 'NotReady';
  return node.spec?.unschedulable === true ? `${state},SchedulingDisabled` : state;
}

function rolesText(node: Node): string {
  const labels = node.metadata?.labels ?? {};
  const named = Object.keys(labels)
    .filter((key) => key.startsWith(ROLE))
    .map((key) => key.slice(ROLE.length));
  const older = labels['kubernetes.io/role'];
  return orNone([...new Set([...named, ...(older ? [older] : [])])].sort().join(','));
}

const address = (node: Node, type: string): string =>
  orNone(node.status?.addresses?.find((one) => one.type === type)?.address);
const known = (text: string | undefined): string => (text === undefined || text === '' ? '<unknown>' : text);

/** At most one taint with the same key and effect. */
function checkTaints(spec: NodeSpec, findings: Findings): void {
  const seen = new Set<string>();
  spec.taints?.forEach((taint, index) => {
    const key = `${taint.key}:${taint.effect}`;
    if (seen.has(key)) findings.duplicate(`taints[${index}]`, taint);
    seen.add(key);
  });
}

/** No pod is placed on a new node until it is ready; like Kubernetes' admission plugin TaintNodesByCondition. */
function repelPods(node: Node): void {
  const taint: Taint = { key: NOT_READY, effect: 'NoSchedule' };
  const { taints = [] } = (node.spec ??= {});
  if (!taints.some(({ key, effect }) => key === taint.key && effect === taint.effect))
    node.spec.taints = [...taints, taint];
}

/** The older field `podCIDR` is the first entry; where it differs it takes precedence, as in Kubernetes. */
function podRanges({ spec }: Node): readonly string[] {
  const { podCIDR = '', podCIDRs = [] } = spec ?? {};
  return podCIDR === '' || podCIDR === podCIDRs[0] ? podCIDRs : [podCIDR];
}

function checkPodRanges(node: Node, findings: Findings): void {
  const ranges = podRanges(node);
  ranges.forEach((range, index) => {
    for (const detail of cidr(range)) findings.invalid(`spec.podCIDRs[${index}]`, range, detail);
  });
  const families = new Set(ranges.map((range) => range.includes(':')));
  if (families.size < ranges.length) {
    findings.invalid('spec.podCIDRs', ranges, 'may specify no more than one CIDR for each IP family');
  }
}

export const nodeKind = defineKind<Node>({
  resource: 'nodes',
  singular: 'node',
  kind: 'Node',
  shortNames: ['no'],
  namespaced: false,
  subresources: ['status'],
  apiVersion: 'v1',
  selectableFields: { 'spec.unschedulable': ({ spec }) => String(spec?.unschedulable ?? false) },
  columns: [
    NAME,
    column('STATUS', statusText),
    column('ROLES', rolesText),
    AGE,
    column('VERSION', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    wide('INTERNAL-IP', (node) => address(node, 'InternalIP')),
    wide('EXTERNAL-IP', (node) => address(node, 'ExternalIP')),
    wide('OS-IMAGE', ({ status }) => known(status?.nodeInfo?.osImage)),
    wide('KERNEL-VERSION', ({ status }) => known(status?.nodeInfo?.kernelVersion)),
    wide('CONTAINER-RUNTIME', ({ status }) => known(status?.nodeInfo?.containerRuntimeVersion)),
  ],
  defaults: {
    Node: { spec: {} },
    NodeStatus: { allocatable: (status: NonNullable<Node['status']>) => status.capacity && { ...status.capacity } },
  },
  rules: {
    NodeSpec: { check: checkTaints },
    Taint: {
      fields: {
        key: { required: true, format: qualifiedName },
        value: { format: labelValue },
        effect: { required: true, oneOf: ['NoExecute', 'NoSchedule', 'PreferNoSchedule'] },
      },
    },
  },
  nameFormat: dnsSubdomain,
  prepareForCreate: repelPods,
  prepareForUpdate: keepStatus,
  checkCreate: checkPodRanges,
  checkUpdate: (node, old, findings) => {
    const cidrs = podRanges(old);
    if (!sameValue(podRanges(node), cidrs)) checkPodRanges(node, findings);
    if (cidrs.length > 0 && !sameValue(podRanges(node), cidrs))
      findings.forbidden('spec.podCIDRs', 'node updates may not change podCIDR except from "" to valid');
    const [now, before] = [node.spec?.providerID ?? '', old.spec?.providerID ?? ''];
    if (before !== '' && now !== before)
      findings.forbidden('spec.providerID', 'node updates may not change providerID except from "" to valid');
  },
});

/** The Event for a node that became ready or not ready: Kubernetes' words, followed by the cause if known. */
export const statusNote = (name: string, reason: 'NodeReady' | 'NodeNotReady', why?: string): EventNote => ({
  type: 'Normal',
  reason,
  message: `Node ${name} status is now: ${reason}${why === undefined ? '' : `: ${why}`}`,
});
