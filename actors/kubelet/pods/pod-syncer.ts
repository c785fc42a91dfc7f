import { concat, defer, EMPTY, from, merge, type Observable, of, Subject, throwError } from 'rxjs';
import {
  catchError,
  defaultIfEmpty,
  distinctUntilChanged,
  filter,
  map,
  mergeMap,
  scan,
  take,
  takeUntil,
} from 'rxjs/operators';
import { StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { PodRef } from '../../../contracts/runtime/config.ts';
import { runtimeCause } from '../../../contracts/runtime/errors.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Said } from '../../kernel/contract.ts';
import type { PodFeed } from '../feed/pod-feed.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { Alarms } from '../node/alarms.ts';
import type { EventTeller } from '../status/event-teller.ts';
import { notActedUponNote } from '../status/not-acted-upon-note.ts';
import { afterAnswer, afterRefusal, notesBefore, type Outcome } from '../status/pod-outcome.ts';
import { aboutPod } from './about-pod.ts';
import { podRef } from './container-config.ts';
import { Gate } from './gate.ts';
import { planPodSync, stopGraceMs } from './plan-pod-sync.ts';
import type { PodDesk } from './pod-desk.ts';
import type { PodNote, PodPlan, PodVerb } from './pod-types.ts';
import type { RuntimeView } from './runtime-view.ts';
import { SharedAsks } from './shared-asks.ts';

const SECOND = 1000;
/** How long each question to the runtime may take; a stop has its grace on top. */
const TIMEOUT_MS: Readonly<Record<PodVerb['op'], number>> = {
  runPodSandbox: 120 * SECOND,
  stopPodSandbox: 60 * SECOND,
  removePodSandbox: 60 * SECOND,
  imageStatus: 30 * SECOND,
  pullImage: 900 * SECOND,
  createContainer: 60 * SECOND,
  startContainer: 60 * SECOND,
  stopContainer: 30 * SECOND,
  removeContainer: 60 * SECOND,
};
/** Steps of one run of a pod. No pod needs as many: a plan that never rests must not keep the node busy. */
const STEPS = 200;
/** Before a pod's next question after one that was refused; doubled with every further one. */
const HOLD_FIRST_MS = 250;
const HOLD_MOST_MS = 5 * SECOND;
/** For so long what an image's name was seen to stand for is believed: people build and tag anew on the node itself. */
const IMAGE_KNOWN_MS = 1 * SECOND;
/** Stands for the answer to a question that was given up. */
const GIVEN_UP = Symbol('given up');

export interface SyncerParts {
  readonly world: KubeletWorld;
  readonly feed: PodFeed;
  readonly desk: PodDesk;
  readonly view: RuntimeView;
  readonly alarms: Alarms;
  readonly tellEvent: EventTeller;
  /** Pods whose questions to the engine are under way at once. */
  readonly atOnce: number;
  /** A new list of what the runtime has is due. */
  readonly relist: () => void;
  /** A pod was planned anew: its status may have to be written, or it may leave the store. */
  readonly onStatus: (uid: string, plan: PodPlan) => void;
  readonly onForgotten: (uid: string) => void;
}

/** Moves pods towards what is wanted, step by step: plan, ask the runtime, take the answer in, plan again. */
export class PodSyncer {
  readonly #parts: SyncerParts;
  readonly #gate: Gate;
  /** Images that were seen on the node a moment ago: name -> id. */
  readonly #images = new Map<string, string>();
  /** In the order in which they were seen: name -> when. */
  readonly #imagesSeenAt = new Map<string, number>();
  /** Pods whose last question was refused: how often in a row, and when the next may be asked. */
  readonly #holds = new Map<string, { readonly times: number; readonly until: number }>();
  /** Questions about images that are under way: pods that ask the same share one answer. */
  readonly #sharedAsks = new SharedAsks();
  /** Pods that changed while they may be at work. */
  readonly #changes = new Subject<string>();

  constructor(parts: SyncerParts) {
    this.#parts = parts;
    this.#gate = new Gate(parts.atOnce);
  }

  /** The pod changed, or is gone: what it is at must not wait for longer than is wanted now. */
  changed(uid: string): void {
    this.#changes.next(uid);
  }

  /** Runs one pod until nothing can be asked. Never errors. */
  sync(uid: string): Observable<Said> {
    return defer(() => this.#step(uid, STEPS));
  }

  #step(uid: string, left: number): Observable<Said> {
    const { world, feed, desk, view, alarms, onForgotten } = this.#parts;
    const facts = desk.facts;
    if (facts === undefined || !view.known || view.isStale(uid)) return EMPTY;
    const dispatched = feed.get(uid);
    if (dispatched === undefined && !feed.whole) return EMPTY;
    if (left === 0) {
      this.#report(uid, new Error(`sync pod ${uid}: not at rest after ${STEPS} steps; going on in 10 s`));
      alarms.in(uid, 10 * SECOND);
      return EMPTY;
    }
    const plan = planPodSync({
      uid,
      ...(dispatched === undefined ? {} : { dispatched }),
      level: view.level(uid),
      state: desk.state(uid),
      status: desk.status(uid) ?? dispatched?.pod.status ?? {},
      images: this.#imagesNow(),
      node: facts,
      now: world.now(),
    });
    const told = from(plan.notes.map((note) => this.#tell(uid, note)));
    if (plan.forget) {
      desk.forget(uid);
      view.forget(uid);
      this.#holds.delete(uid);
      alarms.set(uid, undefined);
      onForgotten(uid);
      return told;
    }
    this.#keep(uid, plan);
    if (plan.verbs.length === 0) return told;
    const holdMs = (this.#holds.get(uid)?.until ?? 0) - world.now();
    if (holdMs > 0) {
      alarms.in(uid, holdMs);
      return told;
    }
    const done = merge(...plan.verbs.map((verb) => this.#do(uid, verb)));
    return concat(
      told,
      done,
      defer(() => this.#step(uid, left - 1)),
    );
  }

  #keep(uid: string, plan: PodPlan): void {
    const { desk, alarms, onStatus } = this.#parts;
    if (!desk.has(uid) || !sameJson(desk.state(uid), plan.state)) desk.setState(uid, plan.state);
    alarms.set(uid, plan.wakeAt);
    const { status } = plan;
    if (status === undefined) return;
    if (!sameJson(desk.status(uid), status)) desk.setStatus(uid, status);
    onStatus(uid, plan);
  }

  #do(uid: string, verb: PodVerb): Observable<Said> {
    const { world, view } = this.#parts;
    return defer(() => {
      const askedAt = world.now();
      const answered = view.begin(uid);
      const unmet = verb.op === 'runPodSandbox' ? notActedUponNote(this.#parts.feed.get(uid)?.pod) : [];
      const told = from([...unmet, ...notesBefore(verb)].map((note) => this.#tell(uid, note)));
      const asked = this.#ask(uid, verb).pipe(
        defaultIfEmpty(GIVEN_UP),
        mergeMap((answer) =>
          answer === GIVEN_UP
            ? this.#take(uid, { ...this.#books(uid), notes: [] }, answered)
            : this.#granted(uid, afterAnswer(this.#books(uid), verb, answer, askedAt, world.now()), answered),
        ),
        catchError((error: unknown) => this.#refused(uid, verb, error, answered)),
      );
      return concat(told, asked);
    });
  }

  #granted(uid: string, outcome: Outcome, answered: () => boolean): Observable<Said> {
    this.#holds.delete(uid);
    return this.#take(uid, outcome, answered);
  }

  #refused(uid: string, verb: PodVerb, error: unknown, answered: () => boolean): Observable<Said> {
    // Anything else is a fault of ours, and the supervisor's business.
    if (!(error instanceof StatusError)) return throwError(() => error);
    if (runtimeCause(error) === undefined) {
      this.#report(uid, error);
      this.#hold(uid);
    }
    return this.#take(uid, afterRefusal(this.#books(uid), verb, error, this.#parts.world.now()), answered);
  }

  /** What is refused for no reason that a plan waits out would be asked again with every list. */
  #hold(uid: string): void {
    const times = (this.#holds.get(uid)?.times ?? 0) + 1;
    const holdMs = doubled(HOLD_FIRST_MS, times - 1, HOLD_MOST_MS);
    this.#holds.set(uid, { times, until: this.#parts.world.now() + holdMs });
  }

  #take(uid: string, outcome: Outcome, answered: () => boolean): Observable<Said> {
    const { view, desk, relist } = this.#parts;
    view.set(uid, outcome.level);
    desk.setState(uid, outcome.state);
    if (outcome.image !== undefined) this.#sawImage(outcome.image);
    if (outcome.lostImage !== undefined) this.#images.delete(outcome.lostImage);
    const skipped = answered();
    if (outcome.relist === true) view.markStale(uid);
    if (skipped || outcome.relist === true) relist();
    return from(outcome.notes.map((note) => this.#tell(uid, note)));
  }

  #sawImage({ name, id }: NonNullable<Outcome['image']>): void {
    this.#images.set(name, id);
    this.#imagesSeenAt.delete(name);
    this.#imagesSeenAt.set(name, this.#parts.world.now());
  }

  #imagesNow(): ReadonlyMap<string, string> {
    const since = this.#parts.world.now() - IMAGE_KNOWN_MS;
    for (const [name, seenAt] of this.#imagesSeenAt) {
      if (seenAt > since) break;
      this.#images.delete(name);
      this.#imagesSeenAt.delete(name);
    }
    return this.#images;
  }

  #books(uid: string) {
    return { level: this.#parts.view.level(uid), state: this.#parts.desk.state(uid) };
  }

  /** Whose uid it is, as far as the dispatcher or the runtime says. */
  #ref(uid: string): PodRef | undefined {
    const pod = this.#parts.feed.get(uid)?.pod;
    if (pod !== undefined) return podRef(pod);
    const { containers, sandboxes } = this.#parts.view.level(uid);
    return (containers[0] ?? sandboxes[0])?.pod;
  }

  #report(uid: string, error: unknown): void {
    this.#parts.world.report(uid, error, aboutPod(this.#ref(uid)));
  }

  #tell(uid: string, note: PodNote): Said {
    const pod = this.#parts.feed.get(uid)?.pod;
    const ref = this.#ref(uid);
    const metadata = pod?.metadata ?? { uid, name: ref?.name ?? uid, namespace: ref?.namespace ?? 'default' };
    const { container } = note;
    const init = pod?.spec?.initContainers?.some(({ name }) => name === container) === true;
    const part =
      container === undefined ? {} : { fieldPath: `spec.${init ? 'initContainers' : 'containers'}{${container}}` };
    return this.#parts.tellEvent({ kind: 'Pod', metadata }, { ...note, ...part });
  }

  #ask(uid: string, verb: PodVerb): Observable<unknown> {
    switch (verb.op) {
      case 'stopContainer': // waits for a grace that may be long: never in anybody's way
        return this.#stop(uid, verb);
      case 'imageStatus':
        return this.#sharedAsks.ask(`${verb.op} ${verb.body.image}`, this.#question(verb));
      case 'pullImage': // may take very long: who is on its way out does not wait for it
        return this.#sharedAsks
          .ask(`${verb.op} ${verb.body.image}`, this.#question(verb))
          .pipe(takeUntil(this.#leaving(uid)));
      default:
        return this.#gate.run(this.#question(verb));
    }
  }

  /** Emits when the pod is to go, or is gone. */
  #leaving(uid: string): Observable<string> {
    const { feed } = this.#parts;
    return this.#changes.pipe(
      filter((changed) => {
        if (changed !== uid) return false;
        const pod = feed.get(uid)?.pod;
        return pod === undefined ? feed.whole : pod.metadata?.deletionTimestamp !== undefined;
      }),
    );
  }

  /** Asks again whenever the grace got shorter; whichever answers first, the container has ended. */
  #stop(uid: string, verb: Extract<PodVerb, { op: 'stopContainer' }>): Observable<unknown> {
    const { feed, desk } = this.#parts;
    const wanted$ = this.#changes.pipe(
      filter((changed) => changed === uid && (feed.get(uid) !== undefined || feed.whole)),
      map(() => {
        const dispatched = feed.get(uid);
        return stopGraceMs({ state: desk.state(uid), ...(dispatched === undefined ? {} : { dispatched }) });
      }),
    );
    return merge(of(verb.body.graceMs), wanted$).pipe(
      scan((shortest, graceMs) => Math.min(shortest, graceMs)),
      distinctUntilChanged(),
      mergeMap((graceMs) => this.#question({ ...verb, body: { ...verb.body, graceMs } }, graceMs)),
      take(1),
    );
  }

  #question(verb: PodVerb, moreMs = 0): Observable<unknown> {
    const { world } = this.#parts;
    const say = world.say[verb.op] as unknown as (tokens: object, body: unknown) => Said<unknown>;
    return world.ask(say({}, verb.body), { timeoutMs: TIMEOUT_MS[verb.op] + moreMs });
  }
}
