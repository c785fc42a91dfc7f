import type { ObjectMeta } from '../kinds.ts';
import type { Findings } from '../validation-findings.ts';

/** Kubernetes' own finalizers. */
export const FINALIZER = {
  /** Holds a namespace until everything in it is gone. */
  namespace: 'kubernetes',
  /** An owner with it goes once its dependents have forgotten it. */
  orphan: 'orphan',
  /** An owner with it goes after those of its dependents that block it. */
  foreground: 'foregroundDeletion',
} as const;
const STANDARD_FINALIZERS: readonly string[] = Object.values(FINALIZER);
const UNQUALIFIED = 'name is neither a standard finalizer name nor is it fully qualified';

/** A finalizer without a domain is one of Kubernetes' own. Its syntax is checked elsewhere. */
export function checkFinalizerNames(field: string, names: readonly string[], findings: Findings): void {
  names.forEach((name, index) => {
    if (!name.includes('/') && !STANDARD_FINALIZERS.includes(name))
      findings.invalid(`${field}[${index}]`, name, UNQUALIFIED);
  });
}

/** What holds for the metadata of objects, and not of pod templates. The walk stands at the object. */
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
/** Given by the system after the first write, or by a client that knows better: an object may be without at first. */
const MAY_BE_NEW: readonly string[] = ['uid', 'creationTimestamp'];

/** What an update may not change. The walk stands at the object. @see kubernetes ValidateObjectMetaAccessorUpdate */
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
