import { api, apiForMetadata } from '../../kernel/declare.ts';
import { namespaceOf, onlyThis, targetOf } from '../shared/object-meta.ts';
import { defineOwnerController } from '../shared/owner-controller.ts';
import { isPodChange, planReplicaSet } from './plan-replica-set.ts';
import { failureNotes, successNote } from './replica-set-events.ts';

/** Keeps as many pods of a template as a ReplicaSet wants. */
export const replicaSetController = defineOwnerController({
  name: 'replica-set',
  owners: 'replicasets',
  children: 'pods',
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  component: 'replicaset-controller',
  says: {
    create: apiForMetadata('create', 'pods'),
    delete: api('delete', 'pods'),
    status: apiForMetadata('update', 'replicasets/status'),
  },
  plan: (set, pods, { view, say, now, refused, namespaceTerminating, adopt, release, event }) => {
    const namespace = namespaceOf(set);
    const taken = (name: string): boolean => view.get('pods', namespace, name) !== undefined;
    const { effects, againInMs } = planReplicaSet(set, pods, taken, now(), refused);
    const changes = effects.filter(isPodChange).filter(({ type }) => !(namespaceTerminating && type === 'create'));
    return {
      inTurn: effects.flatMap((effect) => {
        if (effect.type === 'adopt') return adopt(effect.pod);
        if (effect.type === 'release') return release(effect.pod);
        return effect.type === 'status' ? say.status(targetOf(set), { ...set, status: effect.status }) : [];
      }),
      together: changes.map((change) => ({
        ask:
          change.type === 'create'
            ? say.create(targetOf(change.pod), change.pod)
            : say.delete(targetOf(change.pod), onlyThis(change.pod)),
        granted: [event(successNote(change))],
        refused: (refusal) => failureNotes(change, refusal).map(event),
      })),
      ...(againInMs === undefined ? {} : { againInMs }),
    };
  },
});
