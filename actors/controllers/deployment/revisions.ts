import { canonicalJson, safeDecimalHash } from '../../../contracts/hash/stable-hash.ts';
import { inOneForm } from '../../../contracts/kinds/canonical-copy.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { typeNode } from '../../../contracts/kinds/schema.ts';
import { LAST_APPLIED } from '../../../contracts/merge/last-applied.ts';
import { createdAt, nameOf } from '../shared/owner.ts';

export const HASH_LABEL = 'pod-template-hash';
export const REVISION = 'deployment.kubernetes.io/revision';
export const DESIRED = 'deployment.kubernetes.io/desired-replicas';
export const MAX = 'deployment.kubernetes.io/max-replicas';
const REVISION_HISTORY = 'deployment.kubernetes.io/revision-history';

/** Not copied from a Deployment to its ReplicaSets. */
const OWN_ANNOTATIONS: ReadonlySet<string> = new Set([
  LAST_APPLIED,
  REVISION,
  REVISION_HISTORY,
  DESIRED,
  MAX,
  'deprecated.deployment.rollback.to',
]);

/** `pod-template-hash` of a Deployment's template: 8 to 10 safe letters; other after each collision. */
export const templateHash = (template: PodTemplateSpec | undefined, collisionCount: number | undefined): string =>
  safeDecimalHash(canonicalJson([template ?? {}, collisionCount ?? 0]));

const TEMPLATE = typeNode('PodTemplateSpec');

/** The template as its author wrote it, in one form for one meaning. */
function templateText(template: PodTemplateSpec | undefined): string {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return canonicalJson(inOneForm(TEMPLATE, { ...template, metadata: { ...template?.metadata, labels } }));
}

/** Oldest first; by name where two are of one second. */
export const byAge = (sets: readonly ReplicaSet[]): readonly ReplicaSet[] =>
  [...sets].sort((a, b) => createdAt(a) - createdAt(b) || (nameOf(a) < nameOf(b) ? -1 : 1));

/** The set that runs today's template: the oldest when there are several. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = templateText(deployment.spec?.template);
  return byAge(sets).find((set) => templateText(set.spec?.template) === wanted);
}

export function revisionOf(object: ReplicaSet | Deployment): number {
  const revision = Number(object.metadata?.annotations?.[REVISION] ?? 0);
  return Number.isInteger(revision) ? revision : 0;
}

export const copiedAnnotations = (deployment: Deployment): Record<string, string> =>
  Object.fromEntries(
    Object.entries(deployment.metadata?.annotations ?? {}).filter(([name]) => !OWN_ANNOTATIONS.has(name)),
  );
