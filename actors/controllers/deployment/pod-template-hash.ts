import { canonicalJson, safeDecimalHash } from '../../../contracts/hash/stable-hash.ts';
import { inOneForm } from '../../../contracts/kinds/canonical-copy.ts';
import type { Deployment, PodTemplateSpec, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { typeNode } from '../../../contracts/kinds/schema.ts';
import { byAge } from './revision-annotations.ts';

export const HASH_LABEL = 'pod-template-hash';

/** `pod-template-hash` of a Deployment's template: 8 to 10 letters and digits; it differs for each collision count. */
export const templateHash = (template: PodTemplateSpec | undefined, collisionCount: number | undefined): string =>
  safeDecimalHash(canonicalJson([template ?? {}, collisionCount ?? 0]));

const TEMPLATE = typeNode('PodTemplateSpec');

/** The template without its hash label in canonical form: equal for templates that mean the same. */
function templateText(template: PodTemplateSpec | undefined): string {
  const { [HASH_LABEL]: _, ...labels } = template?.metadata?.labels ?? {};
  return canonicalJson(inOneForm(TEMPLATE, { ...template, metadata: { ...template?.metadata, labels } }));
}

/** The ReplicaSet with the Deployment's current template; the oldest if there are several. */
export function findNewSet(deployment: Deployment, sets: readonly ReplicaSet[]): ReplicaSet | undefined {
  const wanted = templateText(deployment.spec?.template);
  return byAge(sets).find((set) => templateText(set.spec?.template) === wanted);
}
