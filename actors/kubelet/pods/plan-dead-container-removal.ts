import { attemptsOf } from '../containers/container-attempts.ts';
import type { PodVerb, PresentPod } from './pod-types.ts';

/**
 * Garbage collection of a pod that stays: the last dead attempt of each container is kept for its logs; older ones are
 * removed, and dead sandboxes that hold nothing. Pure.
 */
export function planDeadContainerRemoval(input: PresentPod): readonly PodVerb[] {
  const verbs: PodVerb[] = [];
  const kept = new Set<string>();
  for (const name of new Set(input.level.containers.map((container) => container.name))) {
    const attempts = attemptsOf(input.level, name);
    const dead = attempts.filter(({ state }) => state === 'exited');
    for (const old of dead.slice(1)) verbs.push({ op: 'removeContainer', body: { containerId: old.id } });
    for (const each of attempts) if (!dead.slice(1).includes(each)) kept.add(each.sandboxId);
  }
  if (verbs.length > 0) return verbs;
  const newest = Math.max(...input.level.sandboxes.map(({ attempt }) => attempt));
  for (const { id, state, attempt } of input.level.sandboxes) {
    if (state === 'notReady' && attempt < newest && !kept.has(id))
      verbs.push({ op: 'removePodSandbox', body: { sandboxId: id } });
  }
  return verbs;
}
