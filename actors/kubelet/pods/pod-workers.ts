import { concat, defer, EMPTY, from, merge, type Observable, Subject, throwError } from 'rxjs';
import { catchError, defaultIfEmpty, mergeMap } from 'rxjs/operators';
import { StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { PodRef } from '../../../contracts/runtime/references.ts';
import { runtimeCause } from '../../../contracts/runtime/errors.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Said } from '../../kernel/contract.ts';
import { coalesceByKey } from '../../kernel/reconcile/coalesce-by-key.ts';
import { podRef } from '../containers/container-config.ts';
import type { AssignedPods } from '../dispatch/assigned-pods.ts';
import type { EventRecorder } from '../events/event-recorder.ts';
import { notActedUponEvent } from '../events/not-acted-upon-event.ts';
import { eventsBefore } from '../events/request-events.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import { KeyedTimers } from '../queues/keyed-timers.ts';
import { applyAnswer } from '../runtime/apply-answer.ts';
import { applyFailure } from '../runtime/apply-failure.ts';
import type { ObservedPods } from '../runtime/observed-pods.ts';
import type { KnownPod, Outcome } from '../runtime/outcome.ts';
import { RecentImages } from '../runtime/recent-images.ts';
import { RuntimeRequests } from '../runtime/runtime-requests.ts';
import { planPodSync } from './plan-pod-sync.ts';
import type { PodStateStore } from './pod-state-store.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import {
  newState,
  NOTHING,
  type NodeFacts,
  type PodFailure,
  type PodNote,
  type PodPlan,
  type PodVerb,
  reportNote,
} from './pod-types.ts';

const SECOND = 1000;
/** Most steps of one sync, far more than a pod needs: a plan that never converges must not keep the node busy. */
const STEPS_MOST = 200;
/** Pause after a request that failed without a known cause; doubled with each further one. */
const PAUSE_FIRST_MS = 250;
const PAUSE_MOST_MS = 5 * SECOND;
/** Stands for the answer of a request that became pointless. */
const NO_ANSWER = Symbol('no answer');

export interface PodWorkersParts {
  readonly world: KubeletWorld;
  readonly assigned: AssignedPods;
  readonly state: PodStateStore;
  readonly observed: ObservedPods;
  readonly recordEvent: EventRecorder;
  /** Most requests to the runtime at once; stops and pulls do not count. */
  readonly atOnce: number;
  /** Whether the node takes a pod that is new to it. */
  readonly admit: (pod: Pod, others: readonly Pod[], facts: NodeFacts) => PodFailure | undefined;
  /** The runtime must be listed. */
  readonly relist: () => void;
  /** A pod was planned: its status may have to be written, or the pod may leave the store. */
  readonly planned: (uid: string, plan: PodPlan) => void;
  readonly forgotten: (uid: string) => void;
}

/** One worker per pod, which moves it step by step to the wanted state: plan, ask the runtime, apply the answer, plan again. */
export class PodWorkers {
  readonly #parts: PodWorkersParts;
  readonly #woken = new Subject<string>();
  readonly #timers: KeyedTimers;
  readonly #requests: RuntimeRequests;
  readonly #images = new RecentImages();
  /** Pods whose last request failed: how often in a row, and when the next may be made. */
  readonly #pauses = new Map<string, { readonly times: number; readonly until: number }>();

  constructor(parts: PodWorkersParts) {
    this.#parts = parts;
    this.#timers = new KeyedTimers(parts.world);
    this.#requests = new RuntimeRequests(parts);
  }

  /** Syncs the pods that are woken or whose timer fires. Never errors for a pod that fails. */
  run(): Observable<Said> {
    return merge(this.#woken, this.#timers.due$).pipe(coalesceByKey((uid) => defer(() => this.#step(uid, STEPS_MOST))));
  }

  /** The pod ends now: it is evicted. */
  fail(uid: string, failure: PodFailure): void {
    const { state } = this.#parts;
    state.setState(uid, { ...state.state(uid), failed: failure });
    this.wake([uid]);
  }

  /** Pods that the node has taken and that have not ended. */
  get active(): readonly { readonly uid: string; readonly pod: Pod }[] {
    const { assigned, state } = this.#parts;
    return assigned.uids.flatMap((uid) => {
      const pod = assigned.get(uid)?.pod;
      if (pod === undefined || !this.#isAdmitted(uid, pod)) return [];
      return hasEnded(pod.status?.phase) || hasEnded(state.status(uid)?.phase) ? [] : [{ uid, pod }];
    });
  }

  #isAdmitted(uid: string, { status }: Pod): boolean {
    const { observed, state } = this.#parts;
    return state.has(uid) || status?.startTime !== undefined || observed.level(uid) !== NOTHING;
  }

  #admit(uid: string, facts: NodeFacts): void {
    const { admit, assigned, state, world } = this.#parts;
    const pod = assigned.get(uid)?.pod;
    if (pod === undefined || pod.metadata?.deletionTimestamp !== undefined || hasEnded(pod.status?.phase)) return;
    if (this.#isAdmitted(uid, pod)) return;
    const others = this.active.map((each) => each.pod);
    const failed = admit(pod, others, facts);
    if (failed !== undefined) state.setState(uid, { ...newState(world.now()), failed });
  }

  /** The pods changed, or are gone, or the runtime has something else of them. */
  wake(uids: Iterable<string>): void {
    for (const uid of uids) {
      this.#requests.podChanged(uid);
      this.#woken.next(uid);
    }
  }

  #step(uid: string, left: number): Observable<Said> {
    const { world, state, observed } = this.#parts;
    const facts = state.facts;
    if (facts === undefined || !observed.known || observed.isStale(uid) || !this.#isDecided(uid)) return EMPTY;
    if (left === 0) {
      this.#report(uid, new Error(`sync pod ${uid}: not at rest after ${STEPS_MOST} steps; going on in 10 s`));
      this.#timers.setWithin(uid, 10 * SECOND);
      return EMPTY;
    }
    this.#admit(uid, facts);
    const plan = this.#plan(uid, facts);
    const events = this.#events(uid, plan.notes);
    if (plan.forget) {
      this.#forget(uid);
      return events;
    }
    this.#keep(uid, plan);
    if (plan.verbs.length === 0) return events;
    const pauseMs = (this.#pauses.get(uid)?.until ?? 0) - world.now();
    if (pauseMs > 0) {
      this.#timers.setWithin(uid, pauseMs);
      return events;
    }
    return concat(
      events,
      merge(...plan.verbs.map((verb) => this.#do(uid, verb))),
      defer(() => this.#step(uid, left - 1)),
    );
  }

  /** Whether the dispatcher has said that the pod is assigned, or that it is not. */
  #isDecided(uid: string): boolean {
    const { assigned } = this.#parts;
    return assigned.whole || assigned.get(uid) !== undefined;
  }

  #plan(uid: string, facts: NodeFacts): PodPlan {
    const { world, assigned, state, observed } = this.#parts;
    const dispatched = assigned.get(uid);
    return planPodSync({
      uid,
      ...(dispatched === undefined ? {} : { dispatched }),
      level: observed.level(uid),
      state: state.state(uid),
      status: state.status(uid) ?? dispatched?.pod.status ?? {},
      images: this.#images.at(world.now()),
      node: facts,
      now: world.now(),
    });
  }

  #keep(uid: string, plan: PodPlan): void {
    const { state, planned } = this.#parts;
    if (!state.has(uid) || !sameJson(state.state(uid), plan.state)) state.setState(uid, plan.state);
    this.#timers.set(uid, plan.wakeAt);
    const { status } = plan;
    if (status === undefined) return;
    if (!sameJson(state.status(uid), status)) state.setStatus(uid, status);
    planned(uid, plan);
  }

  #forget(uid: string): void {
    const { state, observed, forgotten } = this.#parts;
    state.forget(uid);
    observed.forget(uid);
    this.#pauses.delete(uid);
    this.#timers.set(uid, undefined);
    forgotten(uid);
  }

  #do(uid: string, verb: PodVerb): Observable<Said> {
    const { world, assigned, observed } = this.#parts;
    return defer(() => {
      const askedAt = world.now();
      const answered = observed.begin(uid);
      const announced = this.#requests.isUnderWay(verb);
      const notActedUpon = verb.op === 'runPodSandbox' ? notActedUponEvent(assigned.get(uid)?.pod) : [];
      const events = announced ? EMPTY : this.#events(uid, [...notActedUpon, ...eventsBefore(verb)]);
      const asked = this.#requests.make(uid, verb).pipe(
        defaultIfEmpty(NO_ANSWER),
        mergeMap((answer) => {
          if (answer === NO_ANSWER) return this.#apply(uid, { ...this.#known(uid), notes: [] }, answered);
          const outcome = applyAnswer(this.#known(uid), verb, answer, askedAt, world.now());
          this.#pauses.delete(uid);
          return this.#apply(uid, outcome, answered);
        }),
        catchError((error: unknown) => this.#failed(uid, verb, error, answered)),
      );
      return concat(events, asked);
    });
  }

  #failed(uid: string, verb: PodVerb, error: unknown, answered: () => boolean): Observable<Said> {
    // Any other error is a bug, for the supervisor to handle.
    if (!(error instanceof StatusError)) return throwError(() => error);
    if (runtimeCause(error) === undefined) {
      this.#report(uid, error);
      this.#pause(uid);
    }
    return this.#apply(uid, applyFailure(this.#known(uid), verb, error, this.#parts.world.now()), answered);
  }

  #pause(uid: string): void {
    const times = (this.#pauses.get(uid)?.times ?? 0) + 1;
    const pauseMs = doubled(PAUSE_FIRST_MS, times - 1, PAUSE_MOST_MS);
    this.#pauses.set(uid, { times, until: this.#parts.world.now() + pauseMs });
  }

  #apply(uid: string, outcome: Outcome, answered: () => boolean): Observable<Said> {
    const { world, observed, state, relist } = this.#parts;
    observed.set(uid, outcome.level);
    state.setState(uid, outcome.state);
    if (outcome.image !== undefined) this.#images.saw(outcome.image, world.now());
    if (outcome.lostImage !== undefined) this.#images.lost(outcome.lostImage);
    const skipped = answered();
    if (outcome.relist === true) observed.markStale(uid);
    if (skipped || outcome.relist === true) relist();
    return this.#events(uid, outcome.notes);
  }

  #known(uid: string): KnownPod {
    return { level: this.#parts.observed.level(uid), state: this.#parts.state.state(uid) };
  }

  /** The pod's name, as far as the dispatcher or the runtime knows it. */
  #ref(uid: string): PodRef | undefined {
    const pod = this.#parts.assigned.get(uid)?.pod;
    if (pod !== undefined) return podRef(pod);
    const { containers, sandboxes } = this.#parts.observed.level(uid);
    return (containers[0] ?? sandboxes[0])?.pod;
  }

  #report(uid: string, error: unknown): void {
    this.#parts.world.report(uid, error, reportNote(this.#ref(uid)));
  }

  #events(uid: string, notes: readonly PodNote[]): Observable<Said> {
    return from(notes.map((note) => this.#event(uid, note)));
  }

  #event(uid: string, note: PodNote): Said {
    const pod = this.#parts.assigned.get(uid)?.pod;
    const ref = this.#ref(uid);
    const metadata = pod?.metadata ?? { uid, name: ref?.name ?? uid, namespace: ref?.namespace ?? 'default' };
    const { container } = note;
    const init = pod?.spec?.initContainers?.some(({ name }) => name === container) === true;
    const part =
      container === undefined ? {} : { fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${container}}` };
    return this.#parts.recordEvent({ kind: 'Pod', metadata }, { ...note, ...part });
  }
}
