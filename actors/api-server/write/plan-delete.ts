import type { Status } from '../../../contracts/errors/status.ts';
import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import { parseRfc3339, rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { forbidden, precondition } from '../api-errors.ts';
import { type Obj, withMeta } from '../object.ts';

/** Namespaces that cannot be deleted. */
const PROTECTED_NAMESPACES = new Set(['default', 'kube-system']);
const POD_GRACE_SECONDS = 30;

type DeletePlan =
  /** Removed at once. */
  | { readonly type: 'purge' }
  /** Marked as terminating: a controller or kubelet completes the deletion. */
  | { readonly type: 'put'; readonly object: Obj }
  /** Already marked as requested. */
  | { readonly type: 'keep' }
  | { readonly type: 'refuse'; readonly status: Status };

/**
 * Decides what a delete request does to an object, as Kubernetes' `rest.BeforeDelete`. Pure and total.
 * @param resource plural with its group, such as `pods` or `deployments.apps`
 * @param now milliseconds since the Unix epoch
 */
export function planDelete(resource: string, object: Obj, options: DeleteOptions, now: number): DeletePlan {
  const refusal = refuse(resource, object, options);
  if (refusal !== undefined) return { type: 'refuse', status: refusal };
  const finalizers = finalizersFor(object.metadata.finalizers ?? [], options);
  const mustWait = finalizers.length > 0 || namespaceHeld(resource, object);
  const grace = graceSeconds(resource, object, options);
  if (!mustWait && grace === 0) return { type: 'purge' };
  const marked = mark(resource, withFinalizers(object, finalizers), grace, now);
  return sameJson(marked, object) ? { type: 'keep' } : { type: 'put', object: marked };
}

/**
 * Is this terminating object's deletion complete, so that the write removes it? A pod's is not before its kubelet deletes
 * it with grace period 0.
 */
export const isFinished = (resource: string, object: Obj): boolean =>
  object.metadata.deletionTimestamp !== undefined &&
  (object.metadata.finalizers ?? []).length === 0 &&
  (object.metadata.deletionGracePeriodSeconds ?? 0) === 0 &&
  !namespaceHeld(resource, object);

/** Why the object must not be deleted. */
function refuse(resource: string, object: Obj, options: DeleteOptions): Status | undefined {
  const { name = '', uid, resourceVersion } = object.metadata;
  const wanted = options.preconditions ?? {};
  if (wanted.uid !== undefined && wanted.uid !== uid)
    return precondition(resource, name, 'UID', wanted.uid, uid).status;
  if (wanted.resourceVersion !== undefined && wanted.resourceVersion !== resourceVersion)
    return precondition(resource, name, 'ResourceVersion', wanted.resourceVersion, resourceVersion).status;
  if (resource === 'namespaces' && PROTECTED_NAMESPACES.has(name))
    return forbidden(resource, name, 'this namespace may not be deleted').status;
  return undefined;
}

/** A propagation policy sets or removes the garbage collector's finalizers; without one they stay. */
function finalizersFor(have: readonly string[], options: DeleteOptions): readonly string[] {
  if (options.propagationPolicy === undefined) return have;
  const others = have.filter((name) => name !== FINALIZER.foreground && name !== FINALIZER.orphan);
  if (options.propagationPolicy === 'Foreground') return [...others, FINALIZER.foreground];
  if (options.propagationPolicy === 'Orphan') return [...others, FINALIZER.orphan];
  return others;
}

const withFinalizers = (object: Obj, finalizers: readonly string[]): Obj =>
  sameJson(finalizers, object.metadata.finalizers ?? [])
    ? object
    : withMeta(object, { finalizers: finalizers.length > 0 ? finalizers : undefined });

function namespaceHeld(resource: string, object: Obj): boolean {
  if (resource !== 'namespaces') return false;
  const finalizers = object.spec?.['finalizers'];
  return Array.isArray(finalizers) && finalizers.length > 0;
}

/** Grace period in seconds; 0 for everything but a pod that a kubelet has to stop. */
function graceSeconds(resource: string, pod: Obj, options: DeleteOptions): number {
  if (resource !== 'pods') return 0;
  if (!pod.spec?.['nodeName'] || hasEnded(pod.status?.['phase'])) return 0;
  const ofSpec = pod.spec['terminationGracePeriodSeconds'];
  const asked = options.gracePeriodSeconds ?? (typeof ofSpec === 'number' ? ofSpec : POD_GRACE_SECONDS);
  const grace = asked < 0 ? 1 : asked;
  if (pod.metadata.deletionTimestamp === undefined) return grace;
  // A second delete can shorten the grace period, never lengthen it; without a grace period it changes nothing.
  const left = pod.metadata.deletionGracePeriodSeconds ?? 0;
  return options.gracePeriodSeconds === undefined ? left : Math.min(grace, left);
}

/** The object as terminating, with a deletion time `grace` seconds from now or from the first delete. */
function mark(resource: string, object: Obj, grace: number, now: number): Obj {
  const { deletionTimestamp, deletionGracePeriodSeconds, generation } = object.metadata;
  let marked = object;
  if (deletionTimestamp === undefined) {
    marked = withMeta(object, {
      deletionTimestamp: rfc3339(now + grace * 1000),
      deletionGracePeriodSeconds: grace,
      ...(generation === undefined ? {} : { generation: generation + 1 }),
    });
  } else if (grace < (deletionGracePeriodSeconds ?? 0)) {
    const started = parseRfc3339(deletionTimestamp) - (deletionGracePeriodSeconds ?? 0) * 1000;
    marked = withMeta(object, {
      deletionTimestamp: rfc3339(Math.max(started + grace * 1000, 0)),
      deletionGracePeriodSeconds: grace,
    });
  }
  if (resource !== 'namespaces' || marked.status?.['phase'] === 'Terminating') return marked;
  return { ...marked, status: { ...marked.status, phase: 'Terminating' } };
}
