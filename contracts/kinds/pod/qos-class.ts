import { compareQuantities } from '../../quantity.ts';
import type { Container, PodSpec, ResourceRequirements } from '../kinds.ts';

export type QosClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const COUNTED = ['cpu', 'memory'] as const;

const isGuaranteed = ({ limits = {}, requests = {} }: ResourceRequirements): boolean =>
  COUNTED.every((name) => {
    const limit = limits[name];
    return (
      limit !== undefined && compareQuantities(limit, 0) > 0 && compareQuantities(requests[name] ?? limit, limit) === 0
    );
  });

const asksForNothing = ({ limits = {}, requests = {} }: ResourceRequirements): boolean =>
  COUNTED.every((name) =>
    [limits[name], requests[name]].every((q) => q === undefined || compareQuantities(q, 0) === 0),
  );

/** Kubernetes' quality of service class: the order in which pods are killed when a node runs out of memory. */
export function qosClass(spec: PodSpec): QosClass {
  const containers: readonly Container[] = [...spec.containers, ...(spec.initContainers ?? [])];
  const resources = containers.map((container) => container.resources ?? {});
  if (resources.every(asksForNothing)) return 'BestEffort';
  return resources.every(isGuaranteed) ? 'Guaranteed' : 'Burstable';
}
