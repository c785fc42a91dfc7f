import { EMPTY, mergeMap } from 'rxjs';
import { type ActorDefinition, defineActor, watch } from '../../actors/kernel/declare.ts';

/** Says nothing, and fails when it is told of the pod of that name. */
export const failingOver = (pod?: string): ActorDefinition =>
  defineActor({
    name: 'brittle',
    hears: { pods: watch('pods') },
    says: {},
    behave: (inputs) =>
      inputs.pods.pipe(
        mergeMap((changes) => {
          if (changes.some(({ name }) => name === pod)) throw new Error('it broke');
          return EMPTY;
        }),
      ),
  });
