import { failure, type Status } from '../errors/status.ts';
import type { Binding, Pod, PodCondition } from './kinds.ts';

const scheduled = (pod: Pod, now: string): PodCondition[] => [
  ...(pod.status?.conditions ?? []).filter((condition) => condition.type !== 'PodScheduled'),
  { type: 'PodScheduled', status: 'True', lastTransitionTime: now },
];

/**
 * A pod bound to the node that a Binding names. Pure; never changes `pod`.
 * @param now RFC 3339
 * @returns the bound pod, or why not: Conflict (bound elsewhere, or on its way out), Invalid (no node)
 */
export function bindPod(
  pod: Pod,
  binding: Binding,
  now: string,
): { readonly object: Pod; readonly status?: undefined } | { readonly status: Status; readonly object?: undefined } {
  const { name = '', namespace = '' } = pod.metadata ?? {};
  const act = `bind pod ${namespace}/${name}`;
  const node = binding.target?.name ?? '';
  const bound = pod.spec?.nodeName ?? '';
  if (node === '' || (binding.target.kind ?? 'Node') !== 'Node') {
    return {
      status: failure('Invalid', `${act}: target must be a Node with a name; send target: {kind: Node, name: …}`),
    };
  }
  if (pod.spec === undefined) return { status: failure('Invalid', `${act}: the pod has no spec`) };
  if (pod.metadata?.deletionTimestamp !== undefined) {
    return { status: failure('Conflict', `${act}: the pod is being deleted; leave it`) };
  }
  if (bound !== '')
    return { status: failure('Conflict', `${act}: it is already assigned to node "${bound}"; read it again`) };
  if ((pod.spec.schedulingGates ?? []).length > 0) {
    return { status: failure('Conflict', `${act}: it still has scheduling gates; wait until they are gone`) };
  }
  const spec = { ...pod.spec, nodeName: node };
  const annotations = { ...pod.metadata?.annotations, ...binding.metadata?.annotations };
  const metadata = { ...pod.metadata, ...(Object.keys(annotations).length === 0 ? {} : { annotations }) };
  return { object: { ...pod, metadata, spec, status: { ...pod.status, conditions: scheduled(pod, now) } } };
}
