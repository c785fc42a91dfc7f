import { deploymentController } from '../../actors/controllers/deployment/deployment.ts';
import { replicaSetController } from '../../actors/controllers/replica-set/replica-set.ts';
import { dispatcher } from '../../actors/dispatcher/dispatcher.ts';
import type { Declared } from './plan-permissions.ts';

/** Which actors and drivers a process of each role hosts: from what they declare, its permissions are printed. */
export interface Roster {
  readonly master: readonly Declared[];
  readonly worker: (node: string) => readonly Declared[];
}

export const roster: Roster = {
  master: [deploymentController, replicaSetController, dispatcher],
  worker: () => [],
};
