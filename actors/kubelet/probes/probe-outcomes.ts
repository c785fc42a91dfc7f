import type { Container } from '../../../contracts/kinds/kinds.ts';
import type { ProbeKind, ProbeOutcome } from '../../../contracts/runtime/probes.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';
import { knownStatus } from '../containers/container-attempts.ts';
import type { PodInput } from '../pods/pod-types.ts';
import { probeOf } from './probe-config.ts';

/** What a probe found out about a container. */
export const outcomeOf = ({ level }: PodInput, containerId: string, kind: ProbeKind): ProbeOutcome | undefined =>
  level.probes?.[0]?.outcomes.find((one) => one.containerId === containerId && one.kind === kind);

/** What the status says of this very container: a kubelet or driver that restarts knows no outcomes yet. */
function toldOf(input: PodInput, { name, id }: ContainerStatus) {
  const known = knownStatus(input.status, name);
  return known?.containerID === `${input.node.runtime}://${id}` ? known : undefined;
}

/** Whether a running container has passed its startup probe; that stays so until it ends. Pure. */
export function hasStarted(input: PodInput, container: Container, running: ContainerStatus): boolean {
  if (probeOf(container, 'startup') === undefined) return true;
  return toldOf(input, running)?.started === true || outcomeOf(input, running.id, 'startup')?.result === 'success';
}

/** Whether a running container is ready for traffic. Pure. */
export function isReady(input: PodInput, container: Container, running: ContainerStatus): boolean {
  if (!hasStarted(input, container, running)) return false;
  if (probeOf(container, 'readiness') === undefined) return true;
  const result = outcomeOf(input, running.id, 'readiness')?.result;
  return result === undefined ? toldOf(input, running)?.ready === true : result === 'success';
}

/** The probe by which a running container must be stopped. Pure. */
export function failedProbe(
  input: PodInput,
  container: Container,
  running: ContainerStatus,
): 'startup' | 'liveness' | undefined {
  return (['startup', 'liveness'] as const).find(
    (kind) => probeOf(container, kind) !== undefined && outcomeOf(input, running.id, kind)?.result === 'failure',
  );
}
