import { makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import type { Said } from '../../kernel/contract.ts';
import { defineController } from '../../kernel/controller.ts';
import { api, type Says, watch } from '../../kernel/declare.ts';
import { childrenIndex, inKeyOrder } from '../shared/children.ts';
import { adoption, release } from '../shared/claim.ts';
import {
  controllerReference,
  isClosing,
  keyOf,
  nameOf,
  namespaceOf,
  ownerKey,
  splitKey,
  uidOf,
} from '../shared/owner.ts';
import { planReplicaSet, type ReplicaSetEffect } from './plan-replica-set.ts';

const COMPONENT = 'replicaset-controller';

const says = {
  create: api('create', 'pods'),
  delete: api('delete', 'pods'),
  patch: api('patch', 'pods'),
  status: api('update', 'replicasets/status'),
  event: api('create', 'events'),
};

/** Keeps as many pods of a template as a ReplicaSet wants. A key without a name stands for the orphans of a namespace. */
export const replicaSetController = defineController({
  name: 'replica-set',
  hears: { sets: watch('replicasets'), pods: watch('pods'), namespaces: watch('namespaces') },
  wakes: {
    sets: keyOf,
    pods: (pod) => ownerKey(pod, 'ReplicaSet') ?? `${namespaceOf(pod)}/`,
    namespaces: () => undefined,
  },
  says,
  indexes: { pods: childrenIndex<Pod>('pods') },
  plan: (key, { view, say, index, now }) => {
    const [namespace, name] = splitKey(key);
    if (name === '') return adoptOrphans(index.pods.orphans.get(namespace), view.list('replicasets', namespace), say);
    const set = view.get('replicasets', namespace, name);
    if (set === undefined) return [];
    const orphans = inKeyOrder(index.pods.orphans.get(namespace));
    const mine = inKeyOrder(index.pods.byOwner.get(uidOf(set)));
    const taken = (podName: string): boolean => view.get('pods', namespace, podName) !== undefined;
    const { effects, notes, againInMs } = planReplicaSet(set, [...mine, ...orphans], taken, now());
    const closing = isClosing(view, namespace);
    const possible = closing ? effects.filter(({ type }) => type !== 'create') : effects;
    return {
      say: possible.map((effect) => saidFor(set, effect, say)),
      tell: (closing ? [] : notes).map((note) => say.event({ namespace }, makeEvent(set, note, COMPONENT, now()))),
      ...(againInMs === undefined ? {} : { againInMs }),
    };
  },
});

function saidFor(set: ReplicaSet, effect: ReplicaSetEffect, say: Says<typeof says>): Said<unknown> {
  const namespace = namespaceOf(set);
  switch (effect.type) {
    case 'adopt':
      return adopt(set, effect.pod, say);
    case 'release':
      return say.patch({ namespace, name: nameOf(effect.pod) }, release(effect.pod, uidOf(set)));
    case 'create':
      return say.create({ namespace, name: nameOf(effect.pod) }, effect.pod);
    case 'delete': {
      const options: DeleteOptions = { preconditions: { uid: uidOf(effect.pod) } };
      return say.delete({ namespace, name: nameOf(effect.pod) }, options);
    }
    case 'status':
      return say.status({ namespace, name: nameOf(set) }, { ...set, status: effect.status });
  }
}

const adopt = (set: ReplicaSet, pod: Pod, say: Says<typeof says>): Said<unknown> =>
  say.patch(
    { namespace: namespaceOf(pod), name: nameOf(pod) },
    adoption(pod, controllerReference(set, 'apps/v1', 'ReplicaSet')),
  );

/** Gives each orphan to the first set that selects it. Where no set is, thousands of orphans cost nothing. */
function adoptOrphans(
  orphans: ReadonlyMap<string, Pod> | undefined,
  sets: readonly ReplicaSet[],
  say: Says<typeof says>,
): readonly Said<unknown>[] {
  const open = sets.filter((set) => set.metadata?.deletionTimestamp === undefined);
  if (open.length === 0) return [];
  return inKeyOrder(orphans).flatMap((pod) => {
    if (pod.metadata?.deletionTimestamp !== undefined) return [];
    const home = open.find((set) => selectorMatches(set.spec?.selector, pod.metadata?.labels));
    return home === undefined ? [] : [adopt(home, pod, say)];
  });
}
