import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { defineController } from '../../kernel/controller.ts';
import { type ActorDefinition, api, watch } from '../../kernel/declare.ts';
import { groupIndex, inKeyOrder } from '../shared/group-index.ts';
import { onlyThis, targetOf } from '../shared/object-meta.ts';
import { planPodGarbage } from './plan-pod-garbage.ts';

/** Number of ended pods that are kept, as in Kubernetes (`--terminated-pod-gc-threshold`). */
const ENDED_MOST = 12_500;
/** Shortest time between two collections: each one sorts thousands of pods. */
const EVERY_MS = 20_000;
/** Largest number of deletions in one run; the next run continues at once. */
const BATCH_MAX = 500;

const KEY = 'ended';

/**
 * Deletes the oldest ended pods when there are too many of them. Pods of nodes that no longer exist are deleted by the node
 * lifecycle controller; an unscheduled pod needs no collection, because its deletion is immediate.
 */
export const podGarbageCollector = (most: number = ENDED_MOST): ActorDefinition =>
  defineController({
    name: 'pod-garbage-collector',
    hears: { pods: watch('pods') },
    wakes: {
      pods: (_pod, { before, after }) =>
        hasEnded(after?.status?.phase) && !hasEnded(before?.status?.phase) ? KEY : undefined,
    },
    says: { delete: api('delete', 'pods') },
    indexes: { ended: groupIndex<Pod>('pods', ({ status }) => (hasEnded(status?.phase) ? KEY : undefined)) },
    plan: (_key, at) => {
      const { index, say, now } = at;
      const ended = index.ended.get(KEY);
      if (ended === undefined || ended.size <= most) return {};
      const collectedAt = at.cell<number>('looked', 0);
      const waitMs = collectedAt.get() + EVERY_MS - now();
      if (waitMs > 0) return { againInMs: waitMs };
      const garbage = planPodGarbage(inKeyOrder(ended), most);
      const batch = garbage.slice(0, BATCH_MAX);
      const together = batch.map((pod) => say.delete(targetOf(pod), onlyThis(pod)));
      if (batch.length < garbage.length) return { together, againInMs: 1 };
      collectedAt.set(now());
      return { together };
    },
  });
