import { makeEvent } from '../../../contracts/kinds/event/make-event.ts';
import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
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
import { type DeploymentEffect, planDeployment } from './plan-deployment.ts';

const COMPONENT = 'deployment-controller';

const says = {
  create: api('create', 'replicasets'),
  patchSet: api('patch', 'replicasets'),
  delete: api('delete', 'replicasets'),
  patch: api('patch', 'deployments'),
  status: api('update', 'deployments/status'),
  event: api('create', 'events'),
};

/** Rolls a Deployment's ReplicaSets from one template to the next. A key without a name stands for a namespace's orphans. */
export const deploymentController = defineController({
  name: 'deployment',
  hears: { deployments: watch('deployments'), sets: watch('replicasets'), namespaces: watch('namespaces') },
  wakes: {
    deployments: keyOf,
    sets: (set) => ownerKey(set, 'Deployment') ?? `${namespaceOf(set)}/`,
    namespaces: () => undefined,
  },
  says,
  indexes: { sets: childrenIndex<ReplicaSet>('replicasets') },
  plan: (key, { view, say, index, now }) => {
    const [namespace, name] = splitKey(key);
    const orphans = inKeyOrder(index.sets.orphans.get(namespace));
    if (name === '') return adoptOrphans(orphans, view.list('deployments', namespace), say);
    const deployment = view.get('deployments', namespace, name);
    if (deployment === undefined) return [];
    const mine = inKeyOrder(index.sets.byOwner.get(uidOf(deployment)));
    const named = (setName: string) => view.get('replicasets', namespace, setName);
    const { effects, notes, againInMs } = planDeployment(deployment, [...mine, ...orphans], named, now());
    const closing = isClosing(view, namespace);
    const possible = closing ? effects.filter(({ type }) => type !== 'create-set') : effects;
    return {
      say: inAskOrder(possible).map((effect) => saidFor(deployment, effect, say)),
      tell: (closing ? [] : notes).map((note) =>
        say.event({ namespace }, makeEvent(deployment, note, COMPONENT, now())),
      ),
      ...(againInMs === undefined ? {} : { againInMs }),
    };
  },
});

/** The status carries the revision of the Deployment that was seen; annotating it first would outdate that. */
const inAskOrder = (effects: readonly DeploymentEffect[]): readonly DeploymentEffect[] => [
  ...effects.filter(({ type }) => type !== 'annotate'),
  ...effects.filter(({ type }) => type === 'annotate'),
];

function saidFor(deployment: Deployment, effect: DeploymentEffect, say: Says<typeof says>): Said<unknown> {
  const namespace = namespaceOf(deployment);
  switch (effect.type) {
    case 'adopt':
      return adopt(deployment, effect.set, say);
    case 'release':
      return say.patchSet({ namespace, name: nameOf(effect.set) }, release(effect.set, uidOf(deployment)));
    case 'create-set':
      return say.create({ namespace, name: nameOf(effect.set) }, effect.set);
    case 'patch-set':
      return say.patchSet({ namespace, name: nameOf(effect.set) }, setPatch(effect));
    case 'delete-set': {
      const { uid, resourceVersion } = effect.set.metadata ?? {};
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const options: DeleteOptions = { preconditions, propagationPolicy: 'Background' };
      return say.delete({ namespace, name: nameOf(effect.set) }, options);
    }
    case 'annotate':
      return say.patch({ namespace, name: nameOf(deployment) }, { metadata: { annotations: effect.annotations } });
    case 'status':
      return say.status({ namespace, name: nameOf(deployment) }, { ...deployment, status: effect.status });
  }
}

function setPatch({ set, replicas, annotations, minReadySeconds }: Extract<DeploymentEffect, { type: 'patch-set' }>) {
  const { uid, resourceVersion } = set.metadata ?? {};
  return {
    metadata: { uid, annotations, ...(replicas === undefined ? {} : { resourceVersion }) },
    spec: {
      ...(replicas === undefined ? {} : { replicas }),
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
    },
  };
}

const adopt = (deployment: Deployment, set: ReplicaSet, say: Says<typeof says>): Said<unknown> =>
  say.patchSet(
    { namespace: namespaceOf(set), name: nameOf(set) },
    adoption(set, controllerReference(deployment, 'apps/v1', 'Deployment')),
  );

/** Gives each orphan to the first Deployment that selects it. */
function adoptOrphans(
  orphans: readonly ReplicaSet[],
  deployments: readonly Deployment[],
  say: Says<typeof says>,
): readonly Said<unknown>[] {
  const open = deployments.filter((deployment) => deployment.metadata?.deletionTimestamp === undefined);
  return orphans.flatMap((set) => {
    if (set.metadata?.deletionTimestamp !== undefined) return [];
    const home = open.find((deployment) => selectorMatches(deployment.spec?.selector, set.metadata?.labels));
    return home === undefined ? [] : [adopt(home, set, say)];
  });
}
