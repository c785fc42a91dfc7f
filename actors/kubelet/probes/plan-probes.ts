import { canonicalJson, safeHash } from '../../../contracts/hash/stable-hash.ts';
import type { Container, PodSpec } from '../../../contracts/kinds/kinds.ts';
import { PROBE_KINDS, type ProbeConfig } from '../../../contracts/runtime/probes.ts';
import type { SandboxStatus } from '../../../contracts/runtime/status.ts';
import { newestAttempt } from '../containers/container-attempts.ts';
import { podRef } from '../containers/container-config.ts';
import type { PodInput, PodNote, PodState, PodVerb, PresentPod } from '../pods/pod-types.ts';
import { probeConfig, probeOf } from './probe-config.ts';
import { hasStarted } from './probe-outcomes.ts';

const HASH_LENGTH = 7;

/** The containers that may be probed: sidecars among the init containers too. */
const probed = (spec: PodSpec | undefined): readonly Container[] => [
  ...(spec?.initContainers ?? []).filter(({ restartPolicy }) => restartPolicy === 'Always'),
  ...(spec?.containers ?? []),
];

/** The probes that must run now: of a container that has not started, its startup probe; then the others. */
function wantedProbes(input: PresentPod, sandbox: SandboxStatus): readonly ProbeConfig[] {
  const { pod } = input.dispatched;
  return probed(pod.spec).flatMap((container) => {
    const running = newestAttempt(input, container.name);
    if (running?.state !== 'running' || running.sandboxId !== sandbox.id) return [];
    const started = hasStarted(input, container, running);
    const at = { pod, container, running, host: sandbox.ip ?? input.node.ip };
    return PROBE_KINDS.filter((kind) => (kind === 'startup') !== started).flatMap((kind) => {
      const probe = probeOf(container, kind);
      return probe === undefined ? [] : [probeConfig(at, kind, probe)];
    });
  });
}

/** The request that makes exactly the wanted probes run, unless they do. Pure. */
export function planProbes(input: PresentPod, sandbox: SandboxStatus): readonly PodVerb[] {
  const probes = wantedProbes(input, sandbox);
  if (probes.length === 0) return endProbes(input);
  const version = safeHash(canonicalJson(probes), HASH_LENGTH);
  if (input.level.probes?.[0]?.version === version) return [];
  return [{ op: 'setProbes', body: { pod: podRef(input.dispatched.pod), version, probes } }];
}

/** The request that ends the probes of a pod, unless there are none. Pure. */
export const endProbes = ({ level }: PodInput): readonly PodVerb[] =>
  (level.probes ?? []).map(({ pod }) => ({ op: 'setProbes', body: { pod, version: '', probes: [] } }));

const TITLES = { startup: 'Startup', readiness: 'Readiness', liveness: 'Liveness' } as const;

/** Events of probes that fail anew, and the messages that were told. Pure. */
export function unhealthyNotes({ level, dispatched, state }: PresentPod): {
  readonly notes: readonly PodNote[];
  readonly told: PodState['unhealthy'];
} {
  const notes: PodNote[] = [];
  const told: Record<string, string> = {};
  for (const { containerId, kind, failing } of level.probes?.[0]?.outcomes ?? []) {
    if (failing === undefined) continue;
    const key = `${containerId}/${kind}`;
    told[key] = failing;
    if (state.unhealthy?.[key] === failing) continue;
    const name = level.containers.find(({ id }) => id === containerId)?.name;
    if (name === undefined || !probed(dispatched.pod.spec).some((container) => container.name === name)) continue;
    notes.push({
      type: 'Warning',
      reason: 'Unhealthy',
      message: `${TITLES[kind]} probe failed: ${failing}`,
      container: name,
    });
  }
  return { notes, told: Object.keys(told).length === 0 ? undefined : told };
}
