import type { Pod } from '../../../contracts/kinds/kinds.ts';

const isReady = (pod: Pod): boolean =>
  pod.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') === true;

const isUp = (pod: Pod): boolean => isReady(pod) && pod.metadata?.deletionTimestamp === undefined;

/** Is there at least one pod, and is each ready? Pure. */
export const allReady = (pods: readonly Pod[]): boolean => pods.length > 0 && pods.every(isUp);

/** The state of a pod in Kubernetes' words: the reason its container waits for, else its phase. */
function stateOf(pod: Pod): string {
  if (pod.metadata?.deletionTimestamp !== undefined) return 'Terminating';
  const waiting = pod.status?.containerStatuses?.find(({ state }) => state?.waiting?.reason !== undefined);
  return waiting?.state?.waiting?.reason ?? pod.status?.phase ?? 'Pending';
}

/** One line about all pods: `3 of 3 pods ready`, `1 of 3 pods ready (1 ContainerCreating, 1 Pending)`. Pure. */
export function podSummary(pods: readonly Pod[]): string {
  if (pods.length === 0) return 'no pods yet';
  const ready = pods.filter(isUp);
  const states = new Map<string, number>();
  for (const pod of pods) if (!ready.includes(pod)) states.set(stateOf(pod), (states.get(stateOf(pod)) ?? 0) + 1);
  const others = [...states].sort(([a], [b]) => (a < b ? -1 : 1)).map(([state, count]) => `${count} ${state}`);
  const rest = others.length === 0 ? '' : ` (${others.join(', ')})`;
  return `${ready.length} of ${pods.length} ${pods.length === 1 ? 'pod' : 'pods'} ready${rest}`;
}
