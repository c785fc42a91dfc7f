import type { DefaultTable } from '../defaults.ts';
import type { PodSpec, ResourceRequirements, Toleration } from '../kinds.ts';
import { NOT_READY, UNREACHABLE } from '../node/node.ts';
import { POD_SPEC_DEFAULTS } from '../pod-template/defaults.ts';

/** In a pod (not in a template), a limit without a request is also the request. */
function requestsFromLimits(resources: ResourceRequirements): Record<string, string | number> | undefined {
  const { limits, requests } = resources;
  if (limits === undefined) return undefined;
  return requests === undefined ? { ...limits } : undefined;
}
function fillRequests(resources: ResourceRequirements): void {
  const { limits, requests } = resources;
  if (limits !== undefined && requests !== undefined) resources.requests = { ...limits, ...requests };
}

export const POD_DEFAULTS: DefaultTable = {
  ...POD_SPEC_DEFAULTS,
  PodSpec: { ...POD_SPEC_DEFAULTS.PodSpec, enableServiceLinks: true },
  ResourceRequirements: { requests: requestsFromLimits, '': fillRequests },
};

/** How long a pod stays on a node that does not respond, in seconds. */
const TOLERATED_SECONDS = 300;
const NODE_TROUBLES = [NOT_READY, UNREACHABLE];

const tolerates = (toleration: Toleration, key: string): boolean =>
  (toleration.key === key || (toleration.key ?? '') === '') && ['', 'NoExecute', undefined].includes(toleration.effect);

/** Kubernetes' admission plugin DefaultTolerationSeconds: pods survive a short failure of their node. */
export function addNodeTolerations(spec: PodSpec): void {
  const given = spec.tolerations ?? [];
  const added = NODE_TROUBLES.filter((key) => !given.some((toleration) => tolerates(toleration, key))).map(
    (key): Toleration => ({ key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: TOLERATED_SECONDS }),
  );
  if (added.length > 0) spec.tolerations = [...given, ...added];
}
