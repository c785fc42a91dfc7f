import { concat, defer, EMPTY, merge, type Observable, Subject } from 'rxjs';
import { catchError, mergeMap } from 'rxjs/operators';
import { retryOf, StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import { STATUS_NEWS_MS } from '../../../contracts/messages/node.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Said } from '../../kernel/contract.ts';
import { coalesceByKey } from '../../kernel/reconcile/coalesce-by-key.ts';
import { podRef } from '../containers/container-config.ts';
import type { AssignedPods } from '../dispatch/assigned-pods.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { PodStateStore } from '../pods/pod-state-store.ts';
import { type PodPlan, reportNote } from '../pods/pod-types.ts';
import { KeyedTimers } from '../queues/keyed-timers.ts';
import { hasStatus, statusPatch, versionOf } from './pod-status-patch.ts';

const TIMEOUT_MS = 10_000;
const WRITES_AT_ONCE = 64;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 30_000;
/** Before the retry of a write that will fail again unless something changes. */
const HOPELESS_RETRY_MS = 60_000;

/** Whether the pod was deleted with grace 0 already, and is in the store only because of finalizers. */
const isReleased = ({ metadata }: Pod): boolean => metadata?.deletionGracePeriodSeconds === 0;

export interface PodStatusWriterParts {
  readonly world: KubeletWorld;
  readonly assigned: AssignedPods;
  readonly state: PodStateStore;
  /** The stored pod differs from what the kubelet knows: the dispatcher must be asked for the pod list. */
  readonly outdated: () => void;
}

/**
 * Writes the planned status of pods: only where it differs, the newest one, one write per pod at a time. Deletes a pod from
 * the store once its deletion was requested, nothing of it runs, and its last status is written.
 */
export class PodStatusWriter {
  readonly #parts: PodStatusWriterParts;
  readonly #changed = new Subject<string>();
  readonly #retries: KeyedTimers;
  /** The status last written and acknowledged, by uid. */
  readonly #written = new Map<string, { readonly status: PodStatus; readonly version: number }>();
  readonly #deletable = new Set<string>();
  readonly #deleted = new Set<string>();
  readonly #failures = new Map<string, number>();

  constructor(parts: PodStatusWriterParts) {
    this.#parts = parts;
    this.#retries = new KeyedTimers(parts.world);
  }

  /** Writes what was planned and what is to be retried. Never errors. */
  run(): Observable<Said> {
    return merge(this.#changed, this.#retries.due$).pipe(coalesceByKey((uid) => this.#write(uid), WRITES_AT_ONCE));
  }

  /**
   * A pod was planned. While the plan has requests to the runtime other than stops, only its first status and a new phase
   * are written: those requests soon lead to the next status. A stop may take the whole grace period.
   */
  planned(uid: string, plan: PodPlan): void {
    if (plan.deletable) this.#deletable.add(uid);
    else this.#deletable.delete(uid);
    if (
      this.#needsWrite(
        uid,
        plan.verbs.every(({ op }) => op === 'stopContainer'),
      )
    )
      this.#changed.next(uid);
  }

  /** The store may have lost what was acknowledged: an older backup may have been restored. */
  forgetWritten(): void {
    this.#written.clear();
    this.#deleted.clear();
  }

  forget(uid: string): void {
    this.#written.delete(uid);
    this.#deletable.delete(uid);
    this.#deleted.delete(uid);
    this.#failures.delete(uid);
    this.#retries.set(uid, undefined);
  }

  #needsWrite(uid: string, settled = true): boolean {
    const pod = this.#parts.assigned.get(uid)?.pod;
    const planned = this.#parts.state.status(uid);
    if (pod === undefined || planned === undefined || this.#deleted.has(uid)) return false;
    if (this.#deletable.has(uid) && !isReleased(pod)) return true;
    const last = this.#written.get(uid);
    if (!settled && last !== undefined && last.status.phase === planned.phase) return false;
    return this.#differs(uid, pod, planned);
  }

  #write(uid: string): Observable<Said> {
    return defer(() => {
      const pod = this.#parts.assigned.get(uid)?.pod;
      const planned = this.#parts.state.status(uid);
      if (pod === undefined || planned === undefined || !this.#needsWrite(uid)) return EMPTY;
      const patch = this.#differs(uid, pod, planned) ? this.#patch(uid, pod, planned) : EMPTY;
      return concat(
        patch,
        defer(() => this.#delete(uid, pod)),
      ).pipe(
        catchError((error: unknown) => {
          this.#failed(uid, pod, error);
          return EMPTY;
        }),
      );
    });
  }

  #differs(uid: string, pod: Pod, planned: PodStatus): boolean {
    const last = this.#lastWritten(uid, pod);
    return last === undefined ? !hasStatus(pod.status ?? {}, planned) : !sameJson(last.status, planned);
  }

  /** The status last written, unless a newer version of the pod has arrived since. */
  #lastWritten(uid: string, pod: Pod) {
    const last = this.#written.get(uid);
    return last === undefined || versionOf(pod) > last.version ? undefined : last;
  }

  #patch(uid: string, pod: Pod, planned: PodStatus): Observable<Said> {
    const { world } = this.#parts;
    const { namespace, name } = pod.metadata ?? {};
    const last = this.#lastWritten(uid, pod);
    const patch = statusPatch(pod, last?.version ?? versionOf(pod), last?.status ?? pod.status ?? {}, planned);
    return world.ask(world.say.patchPodStatus({ namespace, name }, patch), { timeoutMs: TIMEOUT_MS }).pipe(
      mergeMap((stored) => {
        this.#failures.delete(uid);
        this.#written.set(uid, { status: planned, version: versionOf(stored) });
        return EMPTY;
      }),
    );
  }

  #delete(uid: string, pod: Pod): Observable<Said> {
    const { world } = this.#parts;
    if (!this.#deletable.has(uid) || isReleased(pod)) return EMPTY;
    const { namespace, name } = pod.metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    return world.ask(world.say.deletePod({ namespace, name }, body), { timeoutMs: TIMEOUT_MS }).pipe(
      mergeMap(() => {
        this.#deleted.add(uid);
        return EMPTY;
      }),
    );
  }

  #failed(uid: string, pod: Pod, error: unknown): void {
    const { world, outdated } = this.#parts;
    const reason = error instanceof StatusError ? error.reason : undefined;
    const failures = (this.#failures.get(uid) ?? 0) + 1;
    this.#failures.set(uid, failures);
    const isFirstConflict = reason === 'Conflict' && failures === 1; // the dispatcher is about to send the newer version
    if (reason !== 'NotFound' && reason !== 'Conflict') world.report(uid, error, reportNote(podRef(pod)));
    else if (!isFirstConflict) outdated();
    const backoffMs = retryOf(error) === 'never' ? HOPELESS_RETRY_MS : doubled(RETRY_FIRST_MS, failures, RETRY_MOST_MS);
    this.#retries.setWithin(uid, isFirstConflict ? STATUS_NEWS_MS + 50 : backoffMs);
  }
}
