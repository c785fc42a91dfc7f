import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { defineController } from '../../kernel/controller.ts';
import { type ActorDefinition, api, watch } from '../../kernel/declare.ts';
import { grouped, inKeyOrder } from '../shared/grouped.ts';
import { onlyThis, targetOf } from '../shared/owner.ts';
import { planPodGarbage } from './plan-pod-garbage.ts';

/** So many pods that have ended stay, as in Kubernetes (`--terminated-pod-gc-threshold`). */
const ENDED_MOST = 12_500;
/** Not each pod that ends is worth a look at thousands of others. */
const EVERY_MS = 20_000;
/** Most deletions of one run; the next goes on at once. */
const BATCH_MAX = 500;

const KEY = 'ended';

/**
 * Deletes the oldest pods that have ended once there are more than a cluster is to keep. Pods of nodes that are gone are the
 * node lifecycle's; a pod that never had a node goes at once when it is deleted.
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
    indexes: { ended: grouped<Pod>('pods', ({ status }) => (hasEnded(status?.phase) ? KEY : undefined)) },
    plan: (_key, at) => {
      const { index, say, now } = at;
      const ended = index.ended.get(KEY);
      if (ended === undefined || ended.size <= most) return {};
      const looked = at.cell<number>('looked', 0);
      const waitMs = looked.get() + EVERY_MS - now();
      if (waitMs > 0) return { againInMs: waitMs };
      const garbage = planPodGarbage(inKeyOrder(ended), most);
      const batch = garbage.slice(0, BATCH_MAX);
      const together = batch.map((pod) => say.delete(targetOf(pod), onlyThis(pod)));
      if (batch.length < garbage.length) return { together, againInMs: 1 };
      looked.set(now());
      return { together };
    },
  });
