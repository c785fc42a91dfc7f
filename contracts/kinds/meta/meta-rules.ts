import { LAST_APPLIED } from '../../merge/last-applied.ts';
import { utf8Length } from '../config-map/check-data.ts';
import type { ObjectMeta, OwnerReference } from '../kinds.ts';
import { annotationKey, labelValue, qualifiedName } from '../name-formats.ts';
import type { Findings } from '../validation-findings.ts';
import type { RuleTable } from '../validation-rules.ts';

/** Largest total size of annotation keys and values, in bytes. */
const ANNOTATIONS_MAX = 256 * 1024;

/** Explains the size to a user who wrote no annotation. */
const copyOf = (bytes: number): string =>
  `; the copy of the manifest that apply keeps in ${LAST_APPLIED} has ${bytes}: use create ("troupe create -f") or update, which keep no copy`;

function checkAnnotations(annotations: Record<string, string>, findings: Findings): void {
  let size = 0;
  for (const key of Object.keys(annotations)) size += utf8Length(key) + utf8Length(annotations[key] ?? '');
  if (size <= ANNOTATIONS_MAX) return;
  const copy = utf8Length(annotations[LAST_APPLIED] ?? '');
  findings.tooLong('annotations', ANNOTATIONS_MAX, size - copy > ANNOTATIONS_MAX ? '' : copyOf(copy));
}

function checkOwners(owners: readonly OwnerReference[], findings: Findings): void {
  const controllers = owners.filter((owner) => owner.controller === true);
  if (controllers.length > 1) {
    const [first, second] = controllers.map(({ kind, name }) => `${kind}/${name}`);
    const detail = `Only one reference can have Controller set to true. Found "true" in references for ${first} and ${second}`;
    findings.invalid('ownerReferences', owners, detail);
  }
}

function checkOwner({ apiVersion, kind, name, uid }: OwnerReference, findings: Findings): void {
  if (apiVersion === '' || apiVersion.endsWith('/'))
    findings.invalid('apiVersion', apiVersion, 'version must not be empty');
  for (const [field, text] of Object.entries({ kind, name, uid }))
    if (text === '') findings.invalid(field, text, 'must not be empty');
  if (apiVersion === 'v1' && kind === 'Event')
    findings.invalid('', { apiVersion, kind, name, uid }, '/v1, Kind=Event is disallowed from being an owner');
}

/** Rules for the metadata of every kind and of pod templates. */
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
  OwnerReference: { fields: {}, check: checkOwner },
};
