import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Pod, ReplicaSet, ReplicaSetCondition, ReplicaSetStatus } from '../../../contracts/kinds/kinds.ts';
import { hasEnded } from '../../../contracts/kinds/pod/pod.ts';
import { selectorMatches } from '../../../contracts/selectors/label-selector.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { claim } from '../shared/claim.ts';
import { controllerReference, isTerminating, nameOf, uidOf } from '../shared/owner.ts';
import { availableInMs, isActive } from '../shared/pod-state.ts';
import { podNames } from './pod-names.ts';
import { inDeletionOrder } from './rank-pods.ts';
import { replicaSetConditions } from './replica-failure.ts';

/** Most pods that one plan creates or deletes; the next plan goes on. As in Kubernetes. */
export const BURST = 500;

export type ReplicaSetEffect =
  | { readonly type: 'adopt'; readonly pod: Pod }
  | { readonly type: 'release'; readonly pod: Pod }
  | { readonly type: 'status'; readonly status: ReplicaSetStatus }
  | PodMove;
/** What changes how many pods there are. */
export type PodMove = { readonly type: 'create'; readonly pod: Pod } | { readonly type: 'delete'; readonly pod: Pod };
export const isMove = (effect: ReplicaSetEffect): effect is PodMove =>
  effect.type === 'create' || effect.type === 'delete';

export interface ReplicaSetPlan {
  readonly effects: readonly ReplicaSetEffect[];
  /** When the next ready pod will have been ready for long enough. */
  readonly againInMs?: number;
}

/**
 * Decides what moves a set one step towards its spec. Pure and total; `effects` empty means converged.
 * @param children pods that the set manages, and unmanaged ones of its namespace
 * @param taken    is a name in use, by whatever pod of the namespace?
 * @param now      milliseconds since the epoch
 * @param refused  what ended the last attempt
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
  // What is being adopted will count; to create in its stead would make one too many.
  const have = active.length + adopt.filter(isActive).length;
  const moves = isTerminating(set) ? [] : planMoves(set, active, have, taken);
  const conditions = replicaSetConditions(set, moves[0]?.type, now, refused);
  const status = statusOf(set, mine, conditions, now);
  const againInMs = nextAvailableInMs(active, set.spec?.minReadySeconds ?? 0, now);
  return {
    effects: [
      ...adopt.map((pod) => ({ type: 'adopt', pod }) as const),
      ...release.map((pod) => ({ type: 'release', pod }) as const),
      // Before the pods: a refused create ends the run, and whoever waits for this set reads its status.
      ...(sameJson(status, set.status) ? [] : [{ type: 'status', status } as const]),
      ...moves,
    ],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

function planMoves(
  set: ReplicaSet,
  active: readonly Pod[],
  have: number,
  taken: (name: string) => boolean,
): readonly PodMove[] {
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
