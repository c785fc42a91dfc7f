import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { claim } from '../shared/adopt-and-release.ts';
import { isTerminating, nameOf, uidOf } from '../shared/object-meta.ts';
import { controllerOf } from '../shared/owner-reference.ts';
import { newReplicaSet } from './new-replica-set.ts';
import { deploymentStatus } from './plan-deployment-status.ts';
import { planHistoryCleanup } from './plan-history-cleanup.ts';
import { deadlineInMs, isComplete } from './plan-progressing-condition.ts';
import { planScaling, wasScaled } from './plan-proportional-scaling.ts';
import { oldPodsGone, planRecreate } from './plan-recreate.ts';
import { newSetSize, planRollingUpdate } from './plan-rolling-update.ts';
import { findNewSet, templateHash } from './pod-template-hash.ts';
import { type Resize, sizeOf } from './replica-counts.ts';
import { copiedAnnotations, DESIRED, MAX, REVISION, revisionOf } from './revision-annotations.ts';
import { type RollingLimits, rollingLimits } from './rolling-update-limits.ts';

export type DeploymentEffect =
  | { readonly type: 'adopt'; readonly set: ReplicaSet }
  | { readonly type: 'release'; readonly set: ReplicaSet }
  | { readonly type: 'create-set'; readonly set: ReplicaSet }
  /** Sets the size and the annotations of a set; `replicas` absent = unchanged. */
  | {
      readonly type: 'patch-set';
      readonly set: ReplicaSet;
      readonly replicas?: number;
      readonly annotations: Readonly<Record<string, string>>;
      readonly minReadySeconds?: number;
    }
  | { readonly type: 'delete-set'; readonly set: ReplicaSet }
  | { readonly type: 'annotate'; readonly annotations: Readonly<Record<string, string>> }
  | { readonly type: 'status'; readonly status: DeploymentStatus };

export interface DeploymentPlan {
  readonly effects: readonly DeploymentEffect[];
  readonly againInMs?: number;
}

/**
 * Decides the next step of a Deployment towards its spec. Pure and total; no `effects` means that there is nothing to do
 * until an object changes.
 * @param children sets that the Deployment manages, and unmanaged ones of its namespace
 * @param named    the set of that name in the Deployment's namespace, whether the Deployment manages it or not
 * @param now      milliseconds since the epoch
 * @param refused  the rejection that ended the last attempt
 */
export function planDeployment(
  deployment: Deployment,
  children: readonly ReplicaSet[],
  named: (name: string) => ReplicaSet | undefined,
  now: number,
  refused?: Refusal,
): DeploymentPlan {
  const { mine, adopt, release } = claim(deployment, deployment.spec?.selector, children);
  const claims: DeploymentEffect[] = [
    ...adopt.map((set) => ({ type: 'adopt', set }) as const),
    ...release.map((set) => ({ type: 'release', set }) as const),
  ];
  // Sizes are decided among all sets that the Deployment manages; an adopted one counts from the next plan on.
  if (claims.length > 0) return { effects: claims };
  const limits = rollingLimits(deployment);
  const newSet = findNewSet(deployment, mine);
  const oldSets = mine.filter((set) => set !== newSet);
  const step = isTerminating(deployment) ? NO_STEP : planStep(deployment, newSet, oldSets, limits, named);
  const collisionCount = step.collisionCount ?? deployment.status?.collisionCount;
  const creating = step.effects.find((effect) => effect.type === 'create-set');
  const status = deploymentStatus({
    deployment,
    newSet,
    sets: mine,
    limits,
    creating: creating === undefined ? undefined : nameOf(creating.set),
    collisionCount,
    refused,
    now,
  });
  const statusChanged: DeploymentEffect[] = sameJson(status, deployment.status) ? [] : [{ type: 'status', status }];
  const againInMs = deadlineInMs(deployment, status, now);
  return {
    // A create that was rejected may be rejected again, which ends the run: then the status goes first, with the reason.
    effects: refused === undefined ? [...step.effects, ...statusChanged] : [...statusChanged, ...step.effects],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

interface Step {
  readonly effects: readonly DeploymentEffect[];
  /** Set when the name with the template's hash is taken: the next plan tries another. */
  readonly collisionCount?: number;
}
const NO_STEP: Step = { effects: [] };

function planStep(
  deployment: Deployment,
  newSet: ReplicaSet | undefined,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
  named: (name: string) => ReplicaSet | undefined,
): Step {
  const sets = newSet === undefined ? oldSets : [...oldSets, newSet];
  const paused = deployment.spec?.paused === true;
  if (paused || wasScaled(deployment, sets)) {
    const resizes = planScaling(deployment, newSet, oldSets, limits);
    const clean = paused ? cleanUp(deployment, oldSets) : [];
    return { effects: [...resized(deployment, sets, resizes, limits), ...clean] };
  }
  if (newSet === undefined) return createNewSet(deployment, oldSets, limits, named);
  const synced = syncNewSet(deployment, newSet, oldSets);
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const resizes = recreate
    ? planRecreate(deployment, newSet, oldSets)
    : planRollingUpdate(deployment, newSet, oldSets, limits);
  const clean = isComplete(deployment) ? cleanUp(deployment, oldSets) : [];
  return { effects: [...synced, ...resized(deployment, [], resizes, limits), ...clean] };
}

function createNewSet(
  deployment: Deployment,
  oldSets: readonly ReplicaSet[],
  limits: RollingLimits,
  named: (name: string) => ReplicaSet | undefined,
): Step {
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const shrunk = recreate ? planRecreate(deployment, undefined, oldSets) : [];
  if (recreate && (shrunk.length > 0 || !oldPodsGone(oldSets))) {
    return { effects: resized(deployment, [], shrunk, limits) };
  }
  const hash = templateHash(deployment.spec?.template, deployment.status?.collisionCount);
  const name = `${nameOf(deployment)}-${hash}`;
  const namesake = named(name);
  if (namesake !== undefined) {
    // A terminating set of this Deployment will free the name; any other set keeps it.
    const freesName = isTerminating(namesake) && controllerOf(namesake)?.uid === uidOf(deployment);
    return freesName ? NO_STEP : { ...NO_STEP, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
  }
  const want = sizeOf(deployment);
  const replicas = recreate ? want : newSetSize(want, undefined, oldSets, limits);
  const revision = String(Math.max(0, ...oldSets.map(revisionOf)) + 1);
  const set = newReplicaSet(deployment, name, hash, replicas, {
    ...sizeAnnotations(deployment, limits),
    [REVISION]: revision,
  });
  const annotate: DeploymentEffect = { type: 'annotate', annotations: { [REVISION]: revision } };
  return { effects: [{ type: 'create-set', set }, ...(revisionOf(deployment) === Number(revision) ? [] : [annotate])] };
}

/** Brings the new set's annotations and minReadySeconds, and the Deployment's revision, up to date. */
function syncNewSet(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly DeploymentEffect[] {
  const revision = Math.max(revisionOf(newSet), Math.max(0, ...oldSets.map(revisionOf)) + 1);
  const wanted = { ...copiedAnnotations(deployment), [REVISION]: String(revision) };
  const annotations = changed(newSet.metadata?.annotations, wanted);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const minReadyChanged = (newSet.spec?.minReadySeconds ?? 0) !== minReadySeconds;
  const effects: DeploymentEffect[] = [];
  if (minReadyChanged || Object.keys(annotations).length > 0) {
    effects.push({ type: 'patch-set', set: newSet, annotations, ...(minReadyChanged ? { minReadySeconds } : {}) });
  }
  if (revisionOf(deployment) !== revision)
    effects.push({ type: 'annotate', annotations: { [REVISION]: String(revision) } });
  return effects;
}

const changed = (
  have: Readonly<Record<string, string>> | undefined,
  want: Readonly<Record<string, string>>,
): Record<string, string> => Object.fromEntries(Object.entries(want).filter(([name, value]) => have?.[name] !== value));

const sizeAnnotations = (deployment: Deployment, { maxSurge }: RollingLimits): Readonly<Record<string, string>> => {
  const want = sizeOf(deployment);
  return { [DESIRED]: String(want), [MAX]: String(want + maxSurge) };
};

/** Patches for the resized sets, and for those of `others` that keep their size but whose size annotations are outdated. */
function resized(
  deployment: Deployment,
  others: readonly ReplicaSet[],
  resizes: readonly Resize[],
  limits: RollingLimits,
): readonly DeploymentEffect[] {
  const annotations = sizeAnnotations(deployment, limits);
  const sized = new Set(resizes.map(({ set }) => set));
  const outdated = others.filter(
    (set) =>
      !sized.has(set) && sizeOf(set) > 0 && Object.keys(changed(set.metadata?.annotations, annotations)).length > 0,
  );
  return [
    ...resizes.map(({ set, replicas }) => ({ type: 'patch-set', set, replicas, annotations }) as const),
    ...outdated.map((set) => ({ type: 'patch-set', set, annotations }) as const),
  ];
}

const cleanUp = (deployment: Deployment, oldSets: readonly ReplicaSet[]): readonly DeploymentEffect[] =>
  planHistoryCleanup(deployment, oldSets).map((set) => ({ type: 'delete-set', set }));
