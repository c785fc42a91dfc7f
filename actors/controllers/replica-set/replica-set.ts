import { api, apiForMetadata } from '../../kernel/declare.ts';
import { namespaceOf, onlyThis, targetOf } from '../shared/object-meta.ts';
import { defineOwnerController } from '../shared/owner-controller.ts';
import { isMove, planReplicaSet } from './plan-replica-set.ts';
import { noteOfGranted, notesOfRefused } from './replica-failure-condition.ts';

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
  plan: (set, pods, { view, say, now, refused, closing, adopt, release, tell }) => {
    const namespace = namespaceOf(set);
    const taken = (name: string): boolean => view.get('pods', namespace, name) !== undefined;
    const { effects, againInMs } = planReplicaSet(set, pods, taken, now(), refused);
    const moves = effects.filter(isMove).filter(({ type }) => !(closing && type === 'create'));
    return {
      inTurn: effects.flatMap((effect) => {
        if (effect.type === 'adopt') return adopt(effect.pod);
        if (effect.type === 'release') return release(effect.pod);
        return effect.type === 'status' ? say.status(targetOf(set), { ...set, status: effect.status }) : [];
      }),
      together: moves.map((move) => ({
        ask:
          move.type === 'create'
            ? say.create(targetOf(move.pod), move.pod)
            : say.delete(targetOf(move.pod), onlyThis(move.pod)),
        granted: [tell(noteOfGranted(move))],
        refused: (refusal) => notesOfRefused(move, refusal).map(tell),
      })),
      ...(againInMs === undefined ? {} : { againInMs }),
    };
  },
});
