import { merge, type Observable, of, Subject } from 'rxjs';
import { distinctUntilChanged, filter, map, mergeMap, scan, take, takeUntil } from 'rxjs/operators';
import type { Said } from '../../kernel/contract.ts';
import type { AssignedPods } from '../dispatch/assigned-pods.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { PodStateStore } from '../pods/pod-state-store.ts';
import type { PodVerb } from '../pods/pod-types.ts';
import { stopGraceMs } from '../pods/termination-grace-period.ts';
import { ConcurrencyLimit } from '../queues/concurrency-limit.ts';
import { SharedRequests } from '../queues/shared-requests.ts';
import type { VerbOf } from './outcome.ts';

const SECOND = 1000;
/** Timeout of each request to the runtime; a stop has its grace period on top. */
const TIMEOUT_MS: Readonly<Record<PodVerb['op'], number>> = {
  setUpVolumes: 60 * SECOND,
  setProbes: 30 * SECOND,
  tearDownVolumes: 60 * SECOND,
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

export interface RuntimeRequestsParts {
  readonly world: KubeletWorld;
  readonly assigned: AssignedPods;
  readonly state: PodStateStore;
  /** Most requests to the runtime at once; stops and pulls do not count. */
  readonly atOnce: number;
}

/** Makes the requests of pods to the node's runtime driver. */
export class RuntimeRequests {
  readonly #parts: RuntimeRequestsParts;
  readonly #limit: ConcurrencyLimit;
  /** Requests about images: pods that need the same image share one. */
  readonly #images = new SharedRequests();
  readonly #podChanges = new Subject<string>();

  constructor(parts: RuntimeRequestsParts) {
    this.#parts = parts;
    this.#limit = new ConcurrencyLimit(parts.atOnce);
  }

  /** A pod changed or is gone: its stops in progress may have to end earlier, and its pull may be pointless. */
  podChanged(uid: string): void {
    this.#podChanges.next(uid);
  }

  /** @returns an observable of the answer; it completes without one where the request became pointless */
  make(uid: string, verb: PodVerb): Observable<unknown> {
    switch (verb.op) {
      case 'stopContainer': // may wait for a long grace period: takes no place from other requests
        return this.#stop(uid, verb);
      case 'imageStatus':
        return this.#images.share(`${verb.op} ${verb.body.image}`, this.#request(verb));
      case 'pullImage': // may take very long: a pod that terminates does not wait for it
        return this.#images
          .share(`${verb.op} ${verb.body.image}`, this.#request(verb))
          .pipe(takeUntil(this.#terminates(uid)));
      default:
        return this.#limit.run(this.#request(verb));
    }
  }

  /** Emits when the pod's deletion is requested, or the pod is gone. */
  #terminates(uid: string): Observable<string> {
    const { assigned } = this.#parts;
    return this.#podChanges.pipe(
      filter((changed) => {
        if (changed !== uid) return false;
        const pod = assigned.get(uid)?.pod;
        return pod === undefined ? assigned.whole : pod.metadata?.deletionTimestamp !== undefined;
      }),
    );
  }

  /** Repeats the stop whenever the grace period became shorter; after any of the answers the container has stopped. */
  #stop(uid: string, verb: VerbOf<'stopContainer'>): Observable<unknown> {
    const { assigned, state } = this.#parts;
    const graceMs$ = this.#podChanges.pipe(
      filter((changed) => changed === uid && (assigned.get(uid) !== undefined || assigned.whole)),
      map(() => {
        const dispatched = assigned.get(uid);
        return stopGraceMs({ state: state.state(uid), ...(dispatched === undefined ? {} : { dispatched }) });
      }),
    );
    return merge(of(verb.body.graceMs), graceMs$).pipe(
      scan((shortest, graceMs) => Math.min(shortest, graceMs)),
      distinctUntilChanged(),
      mergeMap((graceMs) => this.#request({ ...verb, body: { ...verb.body, graceMs } }, graceMs)),
      take(1),
    );
  }

  /** Is this request open since before a checkpoint? Then it is not made, but answered. */
  isUnderWay(verb: PodVerb): boolean {
    return this.#parts.world.isAsked(this.#said(verb));
  }

  #request(verb: PodVerb, moreMs = 0): Observable<unknown> {
    return this.#parts.world.ask(this.#said(verb), { timeoutMs: TIMEOUT_MS[verb.op] + moreMs, lasts: true });
  }

  #said(verb: PodVerb): Said<unknown> {
    const say = this.#parts.world.say[verb.op] as unknown as (tokens: object, body: unknown) => Said<unknown>;
    return say({}, verb.body);
  }
}
