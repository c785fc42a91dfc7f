import { concat, defer, EMPTY, type Observable } from 'rxjs';
import { catchError, mergeMap } from 'rxjs/operators';
import { retryOf, StatusError } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import { STATUS_NEWS_MS } from '../../../contracts/messages/node.ts';
import { doubled } from '../../../contracts/time/doubling-delay.ts';
import type { Said } from '../../kernel/contract.ts';
import type { PodFeed } from '../feed/pod-feed.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import type { Alarms } from '../node/alarms.ts';
import { aboutPod } from '../pods/about-pod.ts';
import { podRef } from '../pods/container-config.ts';
import type { PodDesk } from '../pods/pod-desk.ts';

const TIMEOUT_MS = 10_000;
/** Fields of a pod's status that are the kubelet's to write. */
const OURS = [
  'phase',
  'reason',
  'message',
  'conditions',
  'initContainerStatuses',
  'containerStatuses',
  'hostIP',
  'hostIPs',
  'podIP',
  'podIPs',
  'startTime',
  'qosClass',
] as const satisfies readonly (keyof PodStatus)[];

/** Does the store say what was planned? */
const tells = (stored: PodStatus, planned: PodStatus): boolean =>
  OURS.every((field) => sameJson(stored[field] ?? null, planned[field] ?? null));

/** A merge patch: what is planned, and `null` for what the store has and the plan has not. */
function statusPatch(pod: Pod, version: number, stored: PodStatus, planned: PodStatus): object {
  const cleared = OURS.filter((field) => stored[field] !== undefined && planned[field] === undefined);
  return {
    // A pod that took this one's name must not get its status.
    metadata: { uid: pod.metadata?.uid, ...(version > 0 ? { resourceVersion: String(version) } : {}) },
    status: { ...planned, ...Object.fromEntries(cleared.map((field) => [field, null])) },
  };
}
const versionOf = ({ metadata }: Pick<Pod, 'metadata'>): number => Number(metadata?.resourceVersion ?? 0);

export interface WriterParts {
  readonly world: KubeletWorld;
  readonly feed: PodFeed;
  readonly desk: PodDesk;
  /** By uid; what is due is written again. */
  readonly alarms: Alarms;
  /** The store does not know the pod as we do: the dispatcher should be asked. */
  readonly mistaken: () => void;
}

/** Writes the status of pods: only when it differs, one write a pod at a time, always the newest; and lets deleted pods go. */
export class StatusWriter {
  readonly #parts: WriterParts;
  readonly #acknowledged = new Map<string, { readonly status: PodStatus; readonly version: number }>();
  readonly #deletable = new Set<string>();
  readonly #letGo = new Set<string>();
  readonly #failures = new Map<string, number>();

  constructor(parts: WriterParts) {
    this.#parts = parts;
  }

  setDeletable(uid: string, deletable: boolean): void {
    if (deletable) this.#deletable.add(uid);
    else this.#deletable.delete(uid);
  }
  /** What was acknowledged the store may not hold any more: an older backup took its place. */
  doubt(): void {
    this.#acknowledged.clear();
    this.#letGo.clear();
  }
  forget(uid: string): void {
    this.#acknowledged.delete(uid);
    this.#deletable.delete(uid);
    this.#letGo.delete(uid);
    this.#failures.delete(uid);
    this.#parts.alarms.set(uid, undefined);
  }

  /**
   * Is there something to write of this pod?
   * @param resting nothing is being asked for it; while something is, only the first status and a new phase are written
   */
  needs(uid: string, resting = true): boolean {
    const pod = this.#parts.feed.get(uid)?.pod;
    const planned = this.#parts.desk.status(uid);
    if (pod === undefined || planned === undefined || this.#letGo.has(uid)) return false;
    if (this.#deletable.has(uid)) return true;
    const last = this.#acknowledged.get(uid);
    if (!resting && last !== undefined && last.status.phase === planned.phase) return false;
    return this.#differs(uid, pod, planned);
  }

  /** Writes one pod's status, then deletes the pod if that is due. Never errors. */
  write(uid: string): Observable<Said> {
    return defer(() => {
      const pod = this.#parts.feed.get(uid)?.pod;
      const planned = this.#parts.desk.status(uid);
      if (pod === undefined || planned === undefined || !this.needs(uid)) return EMPTY;
      const patch = this.#differs(uid, pod, planned) ? this.#patch(uid, pod, planned) : EMPTY;
      return concat(
        patch,
        defer(() => this.#release(uid, pod)),
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
    return last === undefined ? !tells(pod.status ?? {}, planned) : !sameJson(last.status, planned);
  }

  /** What was written of it, as long as nothing newer was heard. */
  #lastWritten(uid: string, pod: Pod) {
    const last = this.#acknowledged.get(uid);
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
        this.#acknowledged.set(uid, { status: planned, version: versionOf(stored) });
        return EMPTY;
      }),
    );
  }

  /** Nothing of it runs any more and its last status is written: whoever deleted it gets what they wanted. */
  #release(uid: string, pod: Pod): Observable<Said> {
    const { world } = this.#parts;
    if (!this.#deletable.has(uid)) return EMPTY;
    const { namespace, name } = pod.metadata ?? {};
    const body = { gracePeriodSeconds: 0, preconditions: { uid } };
    return world.ask(world.say.deletePod({ namespace, name }, body), { timeoutMs: TIMEOUT_MS }).pipe(
      mergeMap(() => {
        this.#letGo.add(uid);
        return EMPTY;
      }),
    );
  }

  #failed(uid: string, pod: Pod, error: unknown): void {
    const { world, alarms, mistaken } = this.#parts;
    const reason = error instanceof StatusError ? error.reason : undefined;
    const failures = (this.#failures.get(uid) ?? 0) + 1;
    this.#failures.set(uid, failures);
    const first = reason === 'Conflict' && failures === 1; // somebody wrote; the dispatcher is telling it
    if (reason !== 'NotFound' && reason !== 'Conflict') world.report(uid, error, aboutPod(podRef(pod)));
    else if (!first) mistaken();
    const inMs = retryOf(error) === 'never' ? 60_000 : doubled(500, failures, 30_000);
    alarms.in(uid, first ? STATUS_NEWS_MS + 50 : inMs);
  }
}
