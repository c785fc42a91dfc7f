import { concat, EMPTY, type Observable, throwError } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { retryOf } from '../../contracts/errors/status.ts';
import { makeEvent } from '../../contracts/kinds/event/make-event.ts';
import type { Pod, PodCondition } from '../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime, withCondition } from '../../contracts/kinds/meta/conditions.ts';
import type { Binding } from '../../contracts/messages/api.ts';
import type { Said, World } from '../kernel/contract.ts';
import { api, apiForMetadata } from '../kernel/declare.ts';
import { askInTurn } from '../kernel/reconcile/request-batches.ts';
import { type Ranking, rankingJson } from './ranking.ts';

/** `spec.schedulerName` of the pods that this scheduler places, and the component of its events. */
export const SCHEDULER_NAME = 'default-scheduler';

/** What the scheduler may send. */
export const SAYS = {
  bind: api('create', 'pods/binding'),
  status: apiForMetadata('patch', 'pods/status'),
  event: api('create', 'events'),
};
export type SchedulerWorld = World<typeof SAYS>;

/** Binds a pod to a node, and records a Scheduled event once the binding was accepted. Errors with the rejection. */
export function bindPod(world: SchedulerWorld, pod: Pod, node: string, ranking: Ranking): Observable<Said<unknown>> {
  const { name = '', namespace = '', uid = '' } = pod.metadata ?? {};
  const binding: Binding = {
    apiVersion: 'v1',
    kind: 'Binding',
    metadata: { name, namespace, uid },
    target: { apiVersion: 'v1', kind: 'Node', name: node },
  };
  const note = {
    type: 'Normal',
    reason: 'Scheduled',
    message: `Successfully assigned ${namespace}/${name} to ${node}`,
  } as const;
  const event = world.say.event({ namespace }, makeEvent(pod, note, SCHEDULER_NAME, world.now()));
  const ask = { ...world.say.bind({ namespace, name }, binding), why: rankingJson(ranking) };
  return askInTurn(world, [{ ask, granted: [event] }]);
}

/** Reports why a pod has no node: as its PodScheduled condition, unless that says so already, and as an event. */
export function reportUnschedulable(world: SchedulerWorld, pod: Pod, message: string): Observable<Said<unknown>> {
  const { name = '', namespace = '', resourceVersion } = pod.metadata ?? {};
  const conditions = withUnschedulable(pod, message, world.now());
  const patch = { metadata: { resourceVersion }, status: { conditions } };
  const patches = conditions === undefined ? [] : [world.say.status({ namespace, name }, patch)];
  const condition$ = askInTurn(world, patches).pipe(
    // The pod was changed or deleted meanwhile: its change arrives here too, and the next attempt reports again.
    catchError((error: unknown) => (retryOf(error) === 'reread' ? EMPTY : throwError(() => error))),
  );
  const event = makeEvent(pod, { type: 'Warning', reason: 'FailedScheduling', message }, SCHEDULER_NAME, world.now());
  return concat(condition$, [world.say.event({ namespace, name: event.metadata.name }, event)]);
}

/** @returns the pod's conditions with PodScheduled=False; undefined when they already say exactly that */
function withUnschedulable({ status }: Pod, message: string, now: number): readonly PodCondition[] | undefined {
  const next = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  const current = conditionOf(status, next.type);
  if (current?.status === next.status && current.reason === next.reason && current.message === message)
    return undefined;
  return withCondition(status, { ...next, lastTransitionTime: transitionTime(current, next.status, now) });
}
