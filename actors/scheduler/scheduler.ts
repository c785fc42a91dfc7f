import { concat, defer, EMPTY, merge, type Observable, Subject, type Subscription, throwError } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { retryOf, StatusError } from '../../contracts/errors/status.ts';
import { sameJson } from '../../contracts/hash/stable-hash.ts';
import { makeEvent } from '../../contracts/kinds/event/make-event.ts';
import type { Node, Pod, PodCondition } from '../../contracts/kinds/kinds.ts';
import { conditionOf, transitionTime, withCondition } from '../../contracts/kinds/meta/conditions.ts';
import { hasEnded } from '../../contracts/kinds/pod/pod.ts';
import type { Binding } from '../../contracts/messages/api.ts';
import { type Key, keyOfObject } from '../../contracts/store/keys.ts';
import type { Changed, Said, World } from '../kernel/contract.ts';
import { api, apiForMetadata, defineActor, watch } from '../kernel/declare.ts';
import { askInTurn } from '../kernel/reconcile/request-batches.ts';
import { Assumed } from './assumed.ts';
import { combine, type Load, NO_LOAD } from './load.ts';
import { holder, nodesInOrder, nodeTable, podAt } from './node-table.ts';
import { Pending } from './pending.ts';
import { explainRefusal, planPlacement } from './plan-placement.ts';
import { podFacts } from './pod-facts.ts';
import { type Ranking, rankingJson } from './ranking.ts';

/** Bindings and refusals under way at once. */
const IN_FLIGHT_MAX = 64;
/** Decisions of one turn; the rest comes in the next, so that no turn is long. */
const DECISIONS_A_TURN_MAX = 64;
/** A pod that fits nowhere is tried again after this even if nothing changed. */
const RETRY_UNSCHEDULABLE_MS = 60_000;
const NAME = 'default-scheduler';

const says = {
  bind: api('create', 'pods/binding'),
  status: apiForMetadata('patch', 'pods/status'),
  event: api('create', 'events'),
};
type SchedulerWorld = World<typeof says>;

/** Gives each pod a node. */
export const scheduler = defineActor({
  name: 'scheduler',
  singleton: true,
  hears: { nodes: watch('nodes'), pods: watch('pods', { concerns: decidesAnything }) },
  says,
  behave: (inputs, world) => {
    const desk = makeDesk(world);
    const resumed$ = defer(() => {
      if (world.began() === 'resumed') desk.resume();
      return [undefined];
    });
    const nodes$ = inputs.nodes.pipe(map((changes) => desk.nodesChanged(changes)));
    const pods$ = inputs.pods.pipe(map((changes) => desk.podsChanged(changes)));
    return merge(resumed$, nodes$, pods$, desk.more$).pipe(mergeMap(() => desk.decide()));
  },
});

/** What lies on the scheduler's desk between two turns; whatever can't be rebuilt from the view is kept in cells. */
function makeDesk(world: SchedulerWorld) {
  const pending = new Pending(world);
  const assumed = new Assumed(world);
  const table = world.derived('nodes', nodeTable.build, nodeTable.step);
  const start = world.cell<number>('start', 0);
  const more$ = new Subject<void>();
  let inFlight = 0;
  /** What was decided is being begun. */
  let beginning = false;
  let alarm: { readonly at: number; readonly timer: Subscription } | undefined;

  const find = (key: Key): Pod | undefined => podAt(world.view, key);

  let settledAt = -1;
  /** An answer may come when the view shows more than the changes told so far: what it shows is bound, is not assumed too. */
  const settle = (): void => {
    if (settledAt === world.view.revision) return;
    settledAt = world.view.revision;
    assumed.settle(find);
  };

  /** One thing under way; when it ended, well or badly, there is room for the next. */
  const underway = (key: Key, work$: Observable<Said<unknown>>): Observable<Said<unknown>> => {
    inFlight += 1;
    const ended$ = defer(() => {
      inFlight -= 1;
      // What ends as it begins makes room for the next turn: a thousand of them must not nest a thousand calls.
      if (!beginning) more$.next();
      return EMPTY;
    });
    const safe$ = work$.pipe(
      catchError((error: unknown) => {
        world.report(key, error);
        return EMPTY;
      }),
    );
    return concat(safe$, ended$);
  };

  const usedOn = (node: string): Load => {
    const bound = table().bound.get(node)?.load ?? NO_LOAD;
    const more = assumed.on(node);
    return more === undefined ? bound : combine(bound, more);
  };

  const place = (key: Key, pod: Pod): Observable<Said<unknown>> => {
    const facts = podFacts(pod);
    const nodes = nodesInOrder(table());
    const { node, next, reasons, ranking } = planPlacement(facts, nodes, start.get(), usedOn);
    start.set(next);
    const priority = priorityOf(pod);
    if (node === undefined) {
      pending.wait(key, priority, world.now(), RETRY_UNSCHEDULABLE_MS);
      return underway(key, refuse(world, pod, explainRefusal(nodes.length, reasons)));
    }
    assumed.assume(key, node, pod.metadata?.uid ?? '', facts.load);
    const bound$ = bind(world, pod, node, ranking).pipe(
      catchError((error: unknown) => {
        assumed.drop(key);
        const known = error instanceof StatusError ? error.reason : undefined;
        if (known === 'NotFound') pending.forget(key);
        else {
          pending.wait(key, priority, world.now(), retryOf(error) === 'never' ? RETRY_UNSCHEDULABLE_MS : undefined);
          if (known !== 'Conflict') world.report(key, error);
        }
        return EMPTY;
      }),
    );
    return underway(key, bound$);
  };

  const ringAtNextWait = (): void => {
    const at = pending.ready > 0 && inFlight < IN_FLIGHT_MAX ? world.now() : pending.nextAt;
    if (at === alarm?.at) return;
    alarm?.timer.unsubscribe();
    if (at === undefined) {
      alarm = undefined;
      return;
    }
    const timer = world.scheduler.schedule(
      () => {
        alarm = undefined;
        more$.next();
      },
      Math.max(0, at - world.now()),
    );
    alarm = { at, timer };
  };

  return {
    more$,
    resume(): void {
      assumed.resume(find);
      pending.resume((key) => isWanting(find(key)));
      for (const pod of world.view.list('pods')) if (wantsNode(pod)) this.consider(keyOfObject('pods', pod), pod);
    },
    consider(key: Key, pod: Pod | undefined): void {
      if (!isWanting(pod)) pending.forget(key);
      else if (!pending.isKnown(key) && !assumed.has(key)) pending.add(key, priorityOf(pod));
    },
    podsChanged(changes: readonly Changed<Pod>[]): void {
      settle();
      let freed = false;
      for (const { key, before, after } of changes) {
        freed ||= takesRoom(before) && !takesRoom(after);
        const edited = before !== undefined && isWanting(after) && !sameNeeds(before, after);
        if (edited) pending.forget(key); // what kept it waiting may not hold any more
        this.consider(key, after);
      }
      if (freed) pending.hasten(world.now());
    },
    nodesChanged(changes: readonly Changed<Node>[]): void {
      if (changes.some(({ before, after }) => !sameOffer(before, after))) pending.hasten(world.now());
    },
    /** Decides for as many ready pods as there is room for. */
    decide(): Observable<Said<unknown>> {
      settle();
      pending.wake(world.now());
      const work: Observable<Said<unknown>>[] = [];
      for (let decided = 0; decided < DECISIONS_A_TURN_MAX && inFlight < IN_FLIGHT_MAX; decided++) {
        const key = pending.take();
        if (key === undefined) break;
        const pod = find(key);
        if (pod === undefined || !wantsNode(pod) || assumed.has(key)) continue;
        work.push(place(key, pod));
      }
      beginning = true;
      const begun$ = defer(() => {
        beginning = false;
        ringAtNextWait();
        return EMPTY;
      });
      return merge(...work, begun$);
    },
  };
}

const priorityOf = (pod: Pod): number => pod.spec?.priority ?? 0;
const takesRoom = (pod: Pod | undefined): boolean => holder(pod) !== '';

const wantsNode = (pod: Pod): boolean =>
  (pod.spec?.nodeName ?? '') === '' &&
  pod.metadata?.deletionTimestamp === undefined &&
  !hasEnded(pod.status?.phase) &&
  (pod.spec?.schedulerName ?? NAME) === NAME &&
  (pod.spec?.schedulingGates ?? []).length === 0;

/** Does a pod want a node, or give up its room? What it takes shows in the view. */
function decidesAnything({ before, after }: Changed<Pod>): boolean {
  return isWanting(before) || isWanting(after) || takesRoom(before) !== takesRoom(after);
}

const isWanting = (pod: Pod | undefined): pod is Pod => pod !== undefined && wantsNode(pod);

/** What decides where a pod fits; its status does not. */
const sameNeeds = (a: Pod, b: Pod): boolean => a.metadata?.uid === b.metadata?.uid && sameJson(a.spec, b.spec);
const roomOf = ({ status }: Node) => status?.allocatable ?? status?.capacity;
const sameOffer = (a: Node | undefined, b: Node | undefined): boolean =>
  a === undefined || b === undefined
    ? a === b
    : sameJson(a.metadata?.labels, b.metadata?.labels) && sameJson(a.spec, b.spec) && sameJson(roomOf(a), roomOf(b));

function bind(world: SchedulerWorld, pod: Pod, node: string, ranking: Ranking): Observable<Said<unknown>> {
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
  const event = world.say.event({ namespace }, makeEvent(pod, note, NAME, world.now()));
  const said = { ...world.say.bind({ namespace, name }, binding), why: rankingJson(ranking) };
  return askInTurn(world, [{ ask: said, granted: [event] }]);
}

/** Tells why a pod has no node: as its condition, once, and as an event, counted. */
function refuse(world: SchedulerWorld, pod: Pod, message: string): Observable<Said<unknown>> {
  const { name = '', namespace = '', resourceVersion } = pod.metadata ?? {};
  const conditions = withUnschedulable(pod, message, world.now());
  const patch = { metadata: { resourceVersion }, status: { conditions } };
  const told = conditions === undefined ? [] : [world.say.status({ namespace, name }, patch)];
  const condition$ = askInTurn(world, told).pipe(
    // Changed or gone meanwhile: the change comes by itself, and the next attempt tells it.
    catchError((error: unknown) => (retryOf(error) === 'reread' ? EMPTY : throwError(() => error))),
  );
  const event = makeEvent(pod, { type: 'Warning', reason: 'FailedScheduling', message }, NAME, world.now());
  return concat(condition$, [world.say.event({ namespace, name: event.metadata.name }, event)]);
}

/** @returns undefined when the conditions say so already */
function withUnschedulable({ status }: Pod, message: string, now: number): readonly PodCondition[] | undefined {
  const told = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
  const current = conditionOf(status, told.type);
  if (current?.status === told.status && current.reason === told.reason && current.message === message)
    return undefined;
  return withCondition(status, { ...told, lastTransitionTime: transitionTime(current, told.status, now) });
}
