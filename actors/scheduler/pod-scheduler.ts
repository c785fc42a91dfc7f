import { concat, defer, EMPTY, merge, type Observable, Subject, type Subscription } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { retryOf, StatusError } from '../../contracts/errors/status.ts';
import type { Node, Pod } from '../../contracts/kinds/kinds.ts';
import { type Key, keyOfObject } from '../../contracts/store/keys.ts';
import type { Cell, Changed, Said } from '../kernel/contract.ts';
import { AssumedPods } from './assumed-pods.ts';
import { type NodeTable, nodesInOrder, nodeTable, podAt } from './node-table.ts';
import { explainRefusal, planPlacement } from './plan-placement.ts';
import { podRequirements } from './pod-requirements.ts';
import { combine, type Load, NO_LOAD } from '../../contracts/kinds/pod/pod-load.ts';
import { freesResources, isUnscheduled, sameNodeOffer, sameRequirements } from './scheduling-changes.ts';
import { SchedulingQueue } from './scheduling-queue.ts';
import { bindPod, reportUnschedulable, type SchedulerWorld } from './scheduling-requests.ts';

/** Bindings and unschedulable reports that may be under way at the same time. */
const IN_FLIGHT_MAX = 64;
/** Pods decided in one turn; the others follow in the next, so that no turn is long. */
const DECISIONS_A_TURN_MAX = 64;
/** An unschedulable pod is retried after this time even if nothing changed. */
const RETRY_UNSCHEDULABLE_MS = 60_000;

/** The scheduler's state between turns. What cannot be rebuilt from the view is kept in cells. */
export class PodScheduler {
  /** Emits when there may be pods to schedule though neither a node nor a pod changed. */
  readonly retry$ = new Subject<void>();
  readonly #world: SchedulerWorld;
  readonly #queue: SchedulingQueue;
  readonly #assumed: AssumedPods;
  readonly #table: () => NodeTable;
  /** Index of the node at which the next search begins. */
  readonly #start: Cell<number>;
  #inFlight = 0;
  /** True while the requests of a turn are being subscribed to. */
  #startingRequests = false;
  #timer: { readonly at: number; readonly subscription: Subscription } | undefined;
  #confirmedAtRevision = -1;

  constructor(world: SchedulerWorld) {
    this.#world = world;
    this.#queue = new SchedulingQueue(world);
    this.#assumed = new AssumedPods(world);
    this.#table = world.derived('nodes', nodeTable.build, nodeTable.step);
    this.#start = world.cell<number>('start', 0);
  }

  /** Restores the queue and the assumed pods from their cells, after a restart or a new leader. */
  resume(): void {
    this.#assumed.resume(this.#find);
    this.#queue.resume((key) => isUnscheduled(this.#find(key)));
    for (const pod of this.#world.view.list('pods'))
      if (isUnscheduled(pod)) this.#enqueue(keyOfObject('pods', pod), pod);
  }

  podsChanged(changes: readonly Changed<Pod>[]): void {
    this.#confirmBindings();
    let freed = false;
    for (const change of changes) {
      const { key, before, after } = change;
      freed ||= freesResources(change);
      const edited = before !== undefined && isUnscheduled(after) && !sameRequirements(before, after);
      if (edited) this.#queue.forget(key); // the reason for its backoff may be gone
      this.#enqueue(key, after);
    }
    if (freed) this.#queue.retryWaiting(this.#world.now());
  }

  nodesChanged(changes: readonly Changed<Node>[]): void {
    if (changes.some(({ before, after }) => !sameNodeOffer(before, after))) this.#queue.retryWaiting(this.#world.now());
  }

  /** Schedules ready pods until a limit is reached. */
  scheduleReady(): Observable<Said<unknown>> {
    this.#confirmBindings();
    this.#queue.releaseDue(this.#world.now());
    const requests: Observable<Said<unknown>>[] = [];
    for (let decided = 0; decided < DECISIONS_A_TURN_MAX && this.#inFlight < IN_FLIGHT_MAX; decided++) {
      const key = this.#queue.take();
      if (key === undefined) break;
      const pod = this.#find(key);
      if (!isUnscheduled(pod) || this.#assumed.has(key)) continue;
      requests.push(this.#schedule(key, pod));
    }
    this.#startingRequests = true;
    const started$ = defer(() => {
      this.#startingRequests = false;
      this.#setTimer();
      return EMPTY;
    });
    return merge(...requests, started$);
  }

  readonly #find = (key: Key): Pod | undefined => podAt(this.#world.view, key);

  #enqueue(key: Key, pod: Pod | undefined): void {
    if (!isUnscheduled(pod)) this.#queue.forget(key);
    else if (!this.#queue.has(key) && !this.#assumed.has(key)) this.#queue.add(key, priorityOf(pod));
  }

  /**
   * Drops the assumed pods whose binding is in the view. An answer may arrive while the view already shows more than the
   * changes that were delivered; without this, a pod would count twice, as bound and as assumed.
   */
  #confirmBindings(): void {
    const { view } = this.#world;
    if (this.#confirmedAtRevision === view.revision) return;
    this.#confirmedAtRevision = view.revision;
    this.#assumed.dropConfirmed(this.#find);
  }

  /** Finds a node for one pod, and either binds it or reports that it is unschedulable. */
  #schedule(key: Key, pod: Pod): Observable<Said<unknown>> {
    const requirements = podRequirements(pod);
    const nodes = nodesInOrder(this.#table());
    const placement = planPlacement(requirements, nodes, this.#start.get(), this.#usedOn);
    this.#start.set(placement.next);
    if (placement.node === undefined) {
      this.#queue.wait(key, priorityOf(pod), this.#world.now(), RETRY_UNSCHEDULABLE_MS);
      const message = explainRefusal(nodes.length, placement.reasons);
      return this.#inFlightUntilDone(key, reportUnschedulable(this.#world, pod, message));
    }
    this.#assumed.assume(key, placement.node, pod.metadata?.uid ?? '', requirements.load);
    const bound$ = bindPod(this.#world, pod, placement.node, placement.ranking).pipe(
      catchError((error: unknown) => this.#bindingFailed(key, pod, error)),
    );
    return this.#inFlightUntilDone(key, bound$);
  }

  /** What the node's bound and assumed pods take. */
  readonly #usedOn = (node: string): Load => {
    const bound = this.#table().bound.get(node)?.load ?? NO_LOAD;
    const assumed = this.#assumed.on(node);
    return assumed === undefined ? bound : combine(bound, assumed);
  };

  #bindingFailed(key: Key, pod: Pod, error: unknown): Observable<never> {
    this.#assumed.drop(key);
    const reason = error instanceof StatusError ? error.reason : undefined;
    if (reason === 'NotFound') {
      this.#queue.forget(key);
      return EMPTY;
    }
    const retryMs = retryOf(error) === 'never' ? RETRY_UNSCHEDULABLE_MS : undefined;
    this.#queue.wait(key, priorityOf(pod), this.#world.now(), retryMs);
    if (reason !== 'Conflict') this.#world.report(key, error);
    return EMPTY;
  }

  /** Counts one request as in flight until it completes or fails. */
  #inFlightUntilDone(key: Key, request$: Observable<Said<unknown>>): Observable<Said<unknown>> {
    this.#inFlight += 1;
    const done$ = defer(() => {
      this.#inFlight -= 1;
      // A request that completes while the turn's requests are still being started must not start a turn of its own:
      // a thousand of them would nest a thousand calls.
      if (!this.#startingRequests) this.retry$.next();
      return EMPTY;
    });
    const safe$ = request$.pipe(
      catchError((error: unknown) => {
        this.#world.report(key, error);
        return EMPTY;
      }),
    );
    return concat(safe$, done$);
  }

  /** Sets the timer to the next moment at which a pod can be scheduled. */
  #setTimer(): void {
    const world = this.#world;
    const at = this.#queue.readyCount > 0 && this.#inFlight < IN_FLIGHT_MAX ? world.now() : this.#queue.nextRetryAt;
    if (at === this.#timer?.at) return;
    this.#timer?.subscription.unsubscribe();
    this.#timer = undefined;
    if (at === undefined) return;
    const subscription = world.scheduler.schedule(
      () => {
        this.#timer = undefined;
        this.retry$.next();
      },
      Math.max(0, at - world.now()),
    );
    this.#timer = { at, subscription };
  }
}

const priorityOf = (pod: Pod): number => pod.spec?.priority ?? 0;
