import { sameJson } from '../../../contracts/hash/stable-hash.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import type { Refusal } from '../../kernel/reconcile/refusal.ts';
import { claim } from '../shared/adopt-and-release.ts';
import { controllerOf, controllerReference, isTerminating, nameOf, uidOf } from '../shared/object-meta.ts';
import { deadlineInMs, deploymentStatus, isComplete } from './plan-deployment-status.ts';
import {
  isEmpty,
  newSetSize,
  oldPodsGone,
  planRecreate,
  planRolling,
  planScaling,
  type Resize,
  sizeOf,
  wasScaled,
} from './plan-proportional-scaling.ts';
import {
  byAge,
  copiedAnnotations,
  DESIRED,
  findNewSet,
  HASH_LABEL,
  MAX,
  REVISION,
  revisionOf,
  templateHash,
} from './revision-annotations.ts';
import { type RollingLimits, rollingLimits } from './rolling-update-limits.ts';

export type DeploymentEffect =
  | { readonly type: 'adopt'; readonly set: ReplicaSet }
  | { readonly type: 'release'; readonly set: ReplicaSet }
  | { readonly type: 'create-set'; readonly set: ReplicaSet }
  /** Sets size and bookkeeping annotations of a set; `replicas` absent = as it is. */
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
 * Decides what moves a Deployment one step towards its spec. Pure and total; `effects` empty means: nothing to do until
 * something changes.
 * @param children sets that the Deployment manages, and unmanaged ones of its namespace
 * @param named    the set of that name in the Deployment's namespace, whoever manages it
 * @param now      milliseconds since the epoch
 * @param refused  what ended the last attempt
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
  // Sizes are decided among all sets that count; an adopted one counts from the next plan on.
  if (claims.length > 0) return { effects: claims };
  const limits = rollingLimits(deployment);
  const newSet = findNewSet(deployment, mine);
  const oldSets = mine.filter((set) => set !== newSet);
  const step = isTerminating(deployment) ? STILL : planStep(deployment, newSet, oldSets, limits, named);
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
    // A set that was refused once may be so again, which ends the run: then why has to be told first.
    effects: refused === undefined ? [...step.effects, ...statusChanged] : [...statusChanged, ...step.effects],
    ...(againInMs === undefined ? {} : { againInMs }),
  };
}

interface Step {
  readonly effects: readonly DeploymentEffect[];
  /** The name that today's template hashes to is taken: the next plan tries another. */
  readonly collisionCount?: number;
}
const STILL: Step = { effects: [] };

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
  const books = keepBooks(deployment, newSet, oldSets);
  const recreate = deployment.spec?.strategy?.type === 'Recreate';
  const resizes = recreate
    ? planRecreate(deployment, newSet, oldSets)
    : planRolling(deployment, newSet, oldSets, limits);
  const clean = isComplete(deployment) ? cleanUp(deployment, oldSets) : [];
  return { effects: [...books, ...resized(deployment, [], resizes, limits), ...clean] };
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
    // A set of ours on its way out will make room; anybody else's stays where it is.
    const leaving = isTerminating(namesake) && controllerOf(namesake)?.uid === uidOf(deployment);
    return leaving ? STILL : { ...STILL, collisionCount: (deployment.status?.collisionCount ?? 0) + 1 };
  }
  const want = sizeOf(deployment);
  const replicas = recreate ? want : newSetSize(want, undefined, oldSets, limits);
  const revision = String(Math.max(0, ...oldSets.map(revisionOf)) + 1);
  const set = newSetFor(deployment, name, hash, replicas, {
    ...sizeAnnotations(deployment, limits),
    [REVISION]: revision,
  });
  const annotate: DeploymentEffect = { type: 'annotate', annotations: { [REVISION]: revision } };
  return { effects: [{ type: 'create-set', set }, ...(revisionOf(deployment) === Number(revision) ? [] : [annotate])] };
}

function newSetFor(
  deployment: Deployment,
  name: string,
  hash: string,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  const namespace = deployment.metadata?.namespace;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { ...copiedAnnotations(deployment), ...annotations },
      ownerReferences: [controllerReference(deployment, 'apps/v1', 'Deployment')],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
}

/** Revision numbers and what the new set copies from the Deployment. */
function keepBooks(
  deployment: Deployment,
  newSet: ReplicaSet,
  oldSets: readonly ReplicaSet[],
): readonly DeploymentEffect[] {
  const revision = Math.max(revisionOf(newSet), Math.max(0, ...oldSets.map(revisionOf)) + 1);
  const wanted = { ...copiedAnnotations(deployment), [REVISION]: String(revision) };
  const annotations = changed(newSet.metadata?.annotations, wanted);
  const minReadySeconds = deployment.spec?.minReadySeconds ?? 0;
  const slower = (newSet.spec?.minReadySeconds ?? 0) !== minReadySeconds;
  const effects: DeploymentEffect[] = [];
  if (slower || Object.keys(annotations).length > 0) {
    effects.push({ type: 'patch-set', set: newSet, annotations, ...(slower ? { minReadySeconds } : {}) });
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

/** Size patches; `others` are active sets whose annotations must learn of the new size even where theirs stays. */
function resized(
  deployment: Deployment,
  others: readonly ReplicaSet[],
  resizes: readonly Resize[],
  limits: RollingLimits,
): readonly DeploymentEffect[] {
  const annotations = sizeAnnotations(deployment, limits);
  const sized = new Set(resizes.map(({ set }) => set));
  const told = others.filter(
    (set) =>
      !sized.has(set) && sizeOf(set) > 0 && Object.keys(changed(set.metadata?.annotations, annotations)).length > 0,
  );
  return [
    ...resizes.map(({ set, replicas }) => ({ type: 'patch-set', set, replicas, annotations }) as const),
    ...told.map((set) => ({ type: 'patch-set', set, annotations }) as const),
  ];
}

/** Old sets beyond the history limit, the oldest revisions first; only those that are empty and say so. */
function cleanUp(deployment: Deployment, oldSets: readonly ReplicaSet[]): readonly DeploymentEffect[] {
  const surplus = oldSets.filter((set) => !isTerminating(set)).length - (deployment.spec?.revisionHistoryLimit ?? 10);
  if (surplus <= 0) return [];
  const oldest = [...byAge(oldSets)]
    .sort((a, b) => revisionOf(a) - revisionOf(b))
    .filter((set) => !isTerminating(set))
    .slice(0, surplus);
  return oldest.filter(isEmpty).map((set) => ({ type: 'delete-set', set }));
}
