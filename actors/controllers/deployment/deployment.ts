import type { Deployment } from '../../../contracts/kinds/kinds.ts';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import type { Said, Says } from '../../kernel/contract.ts';
import { api, apiForMetadata } from '../../kernel/declare.ts';
import { targetOf } from '../shared/object-meta.ts';
import { defineOwnerController } from '../shared/owner-controller.ts';
import { failureNotes, successNotes } from './deployment-events.ts';
import { type DeploymentEffect, planDeployment } from './plan-deployment.ts';

const says = {
  create: apiForMetadata('create', 'replicasets'),
  patchSet: apiForMetadata('patch', 'replicasets'),
  delete: api('delete', 'replicasets'),
  patch: apiForMetadata('patch', 'deployments'),
  status: apiForMetadata('update', 'deployments/status'),
};

/** Rolls a Deployment's ReplicaSets from one template to the next. */
export const deploymentController = defineOwnerController({
  name: 'deployment',
  owners: 'deployments',
  children: 'replicasets',
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  component: 'deployment-controller',
  says,
  plan: (deployment, sets, { view, say, now, refused, namespaceTerminating, adopt, release, event }) => {
    const named = (name: string) => view.get('replicasets', deployment.metadata?.namespace, name);
    const { effects, againInMs } = planDeployment(deployment, sets, named, now(), refused);
    return {
      inTurn: inRequestOrder(effects).flatMap((effect) => {
        if (effect.type === 'adopt') return adopt(effect.set);
        if (effect.type === 'release') return release(effect.set);
        if (effect.type === 'create-set' && namespaceTerminating) return [];
        return {
          ask: requestFor(deployment, effect, say),
          granted: successNotes(effect).map(event),
          refused: (refusal) => failureNotes(effect, refusal).map(event),
        };
      }),
      ...(againInMs === undefined ? {} : { againInMs }),
    };
  },
});

/** Annotations last: the status update names the resourceVersion that was read, and annotating changes it. */
const inRequestOrder = (effects: readonly DeploymentEffect[]): readonly DeploymentEffect[] => [
  ...effects.filter(({ type }) => type !== 'annotate'),
  ...effects.filter(({ type }) => type === 'annotate'),
];

function requestFor(
  deployment: Deployment,
  effect: Exclude<DeploymentEffect, { type: 'adopt' | 'release' }>,
  say: Says<typeof says>,
): Said<unknown> {
  switch (effect.type) {
    case 'create-set':
      return say.create(targetOf(effect.set), effect.set);
    case 'patch-set':
      return say.patchSet(targetOf(effect.set), setPatch(effect));
    case 'delete-set': {
      const { uid, resourceVersion } = effect.set.metadata ?? {};
      const preconditions = {
        ...(uid === undefined ? {} : { uid }),
        ...(resourceVersion === undefined ? {} : { resourceVersion }),
      };
      const options: DeleteOptions = { preconditions, propagationPolicy: 'Background' };
      return say.delete(targetOf(effect.set), options);
    }
    case 'annotate':
      return say.patch(targetOf(deployment), { metadata: { annotations: effect.annotations } });
    case 'status':
      return say.status(targetOf(deployment), { ...deployment, status: effect.status });
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
