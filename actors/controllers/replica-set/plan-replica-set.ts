import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { claim } from '../shared/adopt-and-release.ts';
import { isTerminating, nameOf, uidOf } from '../shared/object-meta.ts';
import { controllerReference } from '../shared/owner-reference.ts';
import { availableInMs, isActive } from '../shared/pod-availability.ts';
import { inDeletionOrder } from './pod-deletion-order.ts';
import { podNames } from './pod-names.ts';
import { replicaSetConditions } from './replica-failure-condition.ts';

/** Largest number of pods that one plan creates or deletes; the next plan continues. As in Kubernetes. */
export const BURST = 500;

export type ReplicaSetEffect =
  | { readonly type: 'adopt'; readonly pod: Pod }
  | { readonly type: 'release'; readonly pod: Pod }
  | { readonly type: 'status'; readonly status: ReplicaSetStatus }
  | PodChange;
export type PodChange = { readonly type: 'create'; readonly pod: Pod } | { readonly type: 'delete'; readonly pod: Pod };
export const isPodChange = (effect: ReplicaSetEffect): effect is PodChange =>
  effect.type === 'create' || effect.type === 'delete';

export interface ReplicaSetPlan {
  readonly effects: readonly ReplicaSetEffect[];
  /** Milliseconds until the next ready pod counts as available. */
  readonly againInMs?: number;
}

/**
 * Decides the next step of a ReplicaSet towards its spec. Pure and total; no `effects` means that it has converged.
 * @param children pods that the set manages, and unmanaged ones of its namespace
 * @param taken    whether any pod of the namespace has this name
 * @param now      milliseconds since the epoch
 * @param refused  the rejection that ended the last attempt
 */
export function planReplicaSet(
  set: ReplicaSet,
  children: readonly Pod[],
  taken: (name: string) => boolean,
  now: number,
  refused?: Refusal,
): ReplicaSetPlan {
  const { mine, adopt, release } = claim(set, set.spec?.selector, children);
  const active = mine.filter(isActive);
  // A pod that is being adopted will count: creating another in its place would make one too many.
  const have = active.length + adopt.filter(isActive).length;
  const changes = isTerminating(set) ? [] : planPodChanges(set, active, have, taken);
  const conditions = replicaSetConditions(set, changes[0]?.type, now, refused);
  const status = statusOf(set, mine, conditions, now);
  const againInMs = nextAvailableInMs(active, set.spec?.minReadySeconds ?? 0, now);
  return {
    effects: [
      ...adopt.map((pod) => ({ type: 'adopt', pod }) as const),
      ...release.map((pod) => ({ type: 'release', pod }) as const),
      // Before the pods: a rejected create ends the run, and the Deployment controller and clients wait for this status.
      ...(sameJson(status, set.status) ? [] : [{ type: 'status', status } as const]),
      ...changes,
    ],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

function planPodChanges(
  set: ReplicaSet,
  active: readonly Pod[],
  have: number,
  taken: (name: string) => boolean,
): readonly PodChange[] {
  const want = set.spec?.replicas ?? 1;
  if (have > want) {
    const surplus = inDeletionOrder(active).slice(0, Math.min(have - want, BURST));
    return surplus.map((pod) => ({ type: 'delete', pod }));
  }
  const names = podNames(nameOf(set), uidOf(set), want, Math.min(want - have, BURST), taken);
  return names.map((name) => ({ type: 'create', pod: podFor(set, name) }));
}

function podFor(set: ReplicaSet, name: string): Pod {
  const { labels, annotations, finalizers } = set.spec?.template?.metadata ?? {};
  const namespace = set.metadata?.namespace;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(labels === undefined ? {} : { labels }),
      ...(annotations === undefined ? {} : { annotations }),
      ...(finalizers === undefined ? {} : { finalizers }),
      ownerReferences: [controllerReference(set, 'apps/v1', 'ReplicaSet')],
    },
    ...(set.spec?.template?.spec === undefined ? {} : { spec: set.spec.template.spec }),
  };
}

function statusOf(
  set: ReplicaSet,
  mine: readonly Pod[],
  conditions: ReplicaSetCondition[],
  now: number,
): ReplicaSetStatus {
  const active = mine.filter(isActive);
  const minReadySeconds = set.spec?.minReadySeconds ?? 0;
  const templateLabels = { matchLabels: set.spec?.template?.metadata?.labels ?? {} };
  const readiness = active.map((pod) => availableInMs(pod, minReadySeconds, now));
  const terminating = mine.filter((pod) => isTerminating(pod) && !hasEnded(pod.status?.phase)).length;
  const generation = set.metadata?.generation;
  return {
    ...(conditions.length === 0 ? {} : { conditions }),
    replicas: active.length,
    fullyLabeledReplicas: active.filter((pod) => selectorMatches(templateLabels, pod.metadata?.labels)).length,
    readyReplicas: readiness.filter((ms) => ms !== undefined).length,
    availableReplicas: readiness.filter((ms) => ms === 0).length,
    terminatingReplicas: terminating,
    ...(generation === undefined ? {} : { observedGeneration: generation }),
  };
}

function nextAvailableInMs(active: readonly Pod[], minReadySeconds: number, now: number): number | undefined {
  const waits = active.map((pod) => availableInMs(pod, minReadySeconds, now) ?? 0).filter((ms) => ms > 0);
  return waits.length === 0 ? undefined : Math.min(...waits);
}
