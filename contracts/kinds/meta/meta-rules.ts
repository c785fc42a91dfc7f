import type { Findings } from '../findings.ts';
import { annotationKey, labelValue, qualifiedName } from '../formats.ts';
import type { ObjectMeta, OwnerReference } from '../kinds.ts';
import type { RuleTable } from '../rules.ts';

/** All keys and values of the annotations together, in bytes. */
const ANNOTATIONS_MAX = 256 * 1024;

function checkAnnotations(annotations: Record<string, string>, findings: Findings): void {
  let size = 0;
  for (const key of Object.keys(annotations)) size += key.length + (annotations[key]?.length ?? 0);
  if (size > ANNOTATIONS_MAX) findings.tooLong('annotations', ANNOTATIONS_MAX);
}

function checkOwners(owners: readonly OwnerReference[], findings: Findings): void {
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const names = controllers.map((owner) => owner.name).join(', ');
    findings.invalid('ownerReferences', names, 'Only one reference can have Controller set to true');
  }
}

/** What holds for the metadata of every kind, and of pod templates. */
export const META_RULES: RuleTable = {
  ObjectMeta: {
    fields: {
      labels: { keys: qualifiedName, values: labelValue },
      annotations: { keys: annotationKey },
      finalizers: { format: qualifiedName },
      generation: { min: 0 },
    },
    check: (meta: ObjectMeta, findings) => {
      if (meta.annotations !== undefined) checkAnnotations(meta.annotations, findings);
      if (meta.ownerReferences !== undefined) checkOwners(meta.ownerReferences, findings);
    },
  },
  OwnerReference: {
    fields: {
      apiVersion: { required: true },
      kind: { required: true },
      name: { required: true },
      uid: { required: true },
    },
  },
};
