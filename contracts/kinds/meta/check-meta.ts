import type { ObjectMeta } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

/** Kubernetes' own finalizers. */
export const FINALIZER = {
  /** Keeps a namespace until everything in it is deleted. */
  namespace: 'kubernetes',
  /** Keeps an owner until its dependents no longer refer to it. */
  orphan: 'orphan',
  /** Keeps an owner until its blocking dependents are deleted. */
  foreground: 'foregroundDeletion',
  /** Keeps a CustomResourceDefinition until all objects of its kind are deleted. */
  definition: 'customresourcecleanup.apiextensions.k8s.io',
} as const;
const STANDARD_FINALIZERS: readonly string[] = Object.values(FINALIZER);
const UNQUALIFIED = 'name is neither a standard finalizer name nor is it fully qualified';

/** A finalizer without a domain must be one of Kubernetes' own. The syntax is checked elsewhere. */
export function checkFinalizerNames(field: string, names: readonly string[], findings: Findings): void {
  names.forEach((name, index) => {
    if (!name.includes('/') && !STANDARD_FINALIZERS.includes(name))
      findings.invalid(`${field}[${index}]`, name, UNQUALIFIED);
  });
}

/** Rules for the metadata of objects that do not apply to pod templates. `findings` must be at the object. */
export function checkMeta({ finalizers = [] }: ObjectMeta, findings: Findings): void {
  checkFinalizerNames('metadata.finalizers', finalizers, findings);
  if (finalizers.includes(FINALIZER.orphan) && finalizers.includes(FINALIZER.foreground)) {
    const detail = 'finalizer orphan and foregroundDeletion cannot be both set';
    findings.invalid('metadata.finalizers', finalizers, detail);
  }
}

const IMMUTABLE = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;
/** May be set on an object that has no value yet. */
const MAY_BE_NEW: readonly string[] = ['uid', 'creationTimestamp'];

/** Fields that an update must not change. `findings` must be at the object. @see kubernetes ValidateObjectMetaAccessorUpdate */
export function checkMetaUpdate(meta: ObjectMeta, old: ObjectMeta, findings: Findings): void {
  for (const field of IMMUTABLE) {
    if ((meta[field] ?? '') === (old[field] ?? '') || (old[field] === undefined && MAY_BE_NEW.includes(field)))
      continue;
    findings.invalid(`metadata.${field}`, meta[field], 'field is immutable');
  }
  if (old.deletionTimestamp === undefined) return;
  const added = (meta.finalizers ?? []).filter((name) => !(old.finalizers ?? []).includes(name));
  if (added.length === 0) return;
  const list = [...new Set(added)]
    .sort()
    .map((name) => JSON.stringify(name))
    .join(', ');
  const detail = `no new finalizers can be added if the object is being deleted, found new finalizers []string{${list}}`;
  findings.forbidden('metadata.finalizers', detail);
}
