import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { isTrue } from '../../../contracts/kinds/meta/conditions.ts';

/** Annotation that names the default container. */
const DEFAULT_CONTAINER = 'kubectl.kubernetes.io/default-container';

/** Picks the pod to read: ready before running before others, then the oldest. Pure. */
export function pickPod(pods: readonly Pod[]): Pod | undefined {
  return pods.toSorted(
    (a, b) => rank(a) - rank(b) || compare(startOf(a), startOf(b)) || compare(nameOf(a), nameOf(b)),
  )[0];
}

function rank(pod: Pod): number {
  if (pod.metadata?.deletionTimestamp !== undefined) return 3;
  if (pod.status?.phase !== 'Running') return 2;
  return isTrue(pod.status, 'Ready') ? 0 : 1;
}
const startOf = (pod: Pod): string => pod.metadata?.creationTimestamp ?? '';
const nameOf = (pod: Pod): string => pod.metadata?.name ?? '';
const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

export type ContainerPick =
  /** `note`: which of several containers was picked. */
  { readonly container: string; readonly note?: string } | { readonly problem: string };

/** Picks the container to read. Pure. */
export function pickContainer(pod: Pod, wished: string | undefined): ContainerPick {
  const names = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? [])].map(({ name }) => name);
  const list = names.join(', ');
  if (wished !== undefined) {
    if (names.includes(wished)) return { container: wished };
    return { problem: `pod "${nameOf(pod)}" has no container "${wished}"; it has ${list}` };
  }
  const annotated = pod.metadata?.annotations?.[DEFAULT_CONTAINER];
  const container = annotated !== undefined && names.includes(annotated) ? annotated : names[0];
  if (container === undefined) return { problem: `pod "${nameOf(pod)}" has no container` };
  return names.length === 1 || annotated === container
    ? { container }
    : { container, note: `Defaulted container "${container}" out of: ${list}; choose another with -c` };
}
