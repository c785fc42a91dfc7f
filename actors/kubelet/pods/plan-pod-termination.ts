import { conditionOf } from '../../../contracts/kinds/meta/conditions.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import { stopVerb } from '../containers/plan-container.ts';
import { endProbes } from '../probes/plan-probes.ts';
import type { Ending } from '../status/pod-phase.ts';
import { podStatus } from '../status/pod-status.ts';
import { planDeadContainerRemoval } from './plan-dead-container-removal.ts';
import type { PodInput, PodNote, PodPlan, PodState, PodVerb, PresentPod } from './pod-types.ts';
import { stopGraceMs } from './termination-grace-period.ts';

/** Nothing will be started any more, so that no container waits. */
const NO_MORE = { waits: new Map(), done: new Set<string>() } as const;

/** Stops all running containers at once, with the grace period. */
export const stopContainers = (input: PodInput, graceSeconds: number): readonly PodVerb[] =>
  input.level.containers
    .filter(({ state }) => state === 'running')
    .map((container) => stopVerb(container, graceSeconds * 1000, `Stopping container ${container.name}`));

const stopSandboxes = (input: PodInput): readonly PodVerb[] =>
  input.level.sandboxes
    .filter((sandbox) => sandbox.state === 'ready')
    .map((sandbox) => ({ op: 'stopPodSandbox', body: { sandboxId: sandbox.id } }));

/** Stops the containers first; then the sandbox, which holds their network. */
function stopPod(input: PodInput, graceSeconds: number): readonly PodVerb[] {
  const probes = endProbes(input);
  if (probes.length > 0) return probes;
  const stops = stopContainers(input, graceSeconds);
  return stops.length > 0 ? stops : stopSandboxes(input);
}

/** Stops a pod that has ended and stays in the store; its last dead containers are kept for their logs. */
export function stopEndedPod(input: PresentPod, state: PodState): readonly PodVerb[] {
  const verbs = stopPod(input, state.graceSeconds);
  if (verbs.length > 0) return verbs;
  const removals = planDeadContainerRemoval(input);
  if (removals.length > 0) return removals;
  const hasVolumes = input.level.folders?.some(({ version }) => version !== '') === true;
  return hasVolumes ? [{ op: 'tearDownVolumes', body: { podUid: input.uid, keepFolder: true } }] : [];
}

/** The pod is not in the store: stops and removes all of it, then forgets it. */
export function planGonePod(input: PodInput): PodPlan {
  const { level, state } = input;
  const base = { state, notes: [], deletable: false };
  const probes = endProbes(input);
  if (probes.length > 0) return { ...base, verbs: probes, forget: false };
  const stops = stopContainers(input, stopGraceMs(input) / 1000);
  if (stops.length > 0) return { ...base, verbs: stops, forget: false };
  const held = new Set(level.sandboxes.map((sandbox) => sandbox.id));
  const verbs: PodVerb[] = level.sandboxes.map(({ id }) => ({ op: 'removePodSandbox', body: { sandboxId: id } }));
  for (const container of level.containers) {
    if (!held.has(container.sandboxId)) verbs.push({ op: 'removeContainer', body: { containerId: container.id } });
  }
  if (verbs.length === 0 && (level.folders ?? []).length > 0)
    verbs.push({ op: 'tearDownVolumes', body: { podUid: input.uid } });
  return { ...base, verbs, forget: verbs.length === 0 };
}

/** The pod has a deletion timestamp: stops it; once nothing of it runs it may leave the store. */
export function planDeletedPod(input: PresentPod, state: PodState): PodPlan {
  const verbs = stopPod(input, state.graceSeconds);
  const stopped = verbs.length === 0;
  const ending: Ending | undefined = stopped ? { kind: 'deleted' } : undefined;
  return { verbs, state, status: podStatus(input, NO_MORE, ending), notes: [], deletable: stopped, forget: false };
}

/** The pod has ended: stops what still runs. */
export function planEndedPod(input: PresentPod, state: PodState, ending: Ending): PodPlan {
  const status = podStatus(input, NO_MORE, ending);
  const known = conditionOf(input.status, 'ContainersReady')?.reason === 'PodFailed';
  const { failed } = state;
  if (failed !== undefined && ending.kind === 'over' && ending.reason === failed.reason) {
    const { reason, message, note = message } = failed;
    const told: PodNote[] = known ? [] : [{ type: 'Warning', reason, message: note }];
    return { verbs: stopEndedPod(input, state), state, status, notes: told, deletable: false, forget: false };
  }
  const notes: PodNote[] =
    ending === deadlineExceeded && !known
      ? [{ type: 'Normal', reason: 'DeadlineExceeded', message: deadlineExceeded.message }]
      : [];
  return { verbs: stopEndedPod(input, state), state, status, notes, deletable: false, forget: false };
}

/**
 * How the pod has ended, if it has: its deadline passed, or its status says Succeeded or Failed, whichever client wrote it.
 * Such a pod never runs again.
 */
export function endingOf(input: PresentPod): Ending | undefined {
  const stored = input.dispatched.pod.status ?? {};
  const { phase, reason, message } = hasEnded(stored.phase) ? stored : input.status;
  const { failed } = input.state;
  if (failed !== undefined && !hasEnded(stored.phase))
    return { kind: 'over', phase: 'Failed', reason: failed.reason, message: failed.message };
  if (input.status.reason === 'DeadlineExceeded') return deadlineExceeded;
  if (hasEnded(phase)) {
    return {
      kind: 'over',
      phase,
      ...(reason === undefined ? {} : { reason }),
      ...(message === undefined ? {} : { message }),
    };
  }
  const deadline = activeDeadline(input);
  return deadline !== undefined && input.now >= deadline ? deadlineExceeded : undefined;
}
const deadlineExceeded = {
  kind: 'over',
  phase: 'Failed',
  reason: 'DeadlineExceeded',
  message: 'Pod was active on the node longer than the specified deadline',
} as const satisfies Ending;

/** When `activeDeadlineSeconds` ends, in milliseconds since the Unix epoch. */
export function activeDeadline({ dispatched, status, state }: PresentPod): number | undefined {
  const seconds = dispatched.pod.spec?.activeDeadlineSeconds;
  if (seconds === undefined) return undefined;
  return (parseRfc3339(status.startTime) || state.startedAt) + seconds * 1000;
}
