import type { KubeObject, Namespace } from '../../../contracts/kinds/kinds.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { type KeptResource, NAMESPACED_RESOURCES } from '../shared/managed-resources.ts';
import { isTerminating } from '../shared/object-meta.ts';

/** What every namespace has an account of. A pod that names none is not given it. */
export const DEFAULT_ACCOUNT = 'default';

export type NamespaceEffect =
  | { readonly type: 'create-account' }
  | { readonly type: 'mark-terminating' }
  | { readonly type: 'delete-all'; readonly resource: KeptResource }
  | { readonly type: 'delete-one'; readonly resource: KeptResource; readonly object: KubeObject }
  /** Nothing is left: `finalizers` without ours. */
  | { readonly type: 'finalize'; readonly finalizers: readonly string[] };

/** Larger collections go piece by piece: the api-server refuses to delete too many in one request. */
export const COLLECTION_MAX = 1000;

/**
 * Decides what a namespace needs next: its default ServiceAccount while it lives; on its way out to be emptied, and let
 * go once it is empty. Pure and total.
 * @param contents what is in it now
 */
export function planNamespace(
  namespace: Namespace,
  contents: (resource: KeptResource) => readonly KubeObject[],
): readonly NamespaceEffect[] {
  if (!isTerminating(namespace)) {
    const hasAccount = contents('serviceaccounts').some(({ metadata }) => metadata?.name === DEFAULT_ACCOUNT);
    return hasAccount ? [] : [{ type: 'create-account' }];
  }
  const finalizers = namespace.spec?.finalizers ?? [];
  if (!finalizers.includes(FINALIZER.namespace)) return [];
  const effects: NamespaceEffect[] = namespace.status?.phase === 'Terminating' ? [] : [{ type: 'mark-terminating' }];
  const filled = NAMESPACED_RESOURCES.filter((resource) => contents(resource).length > 0);
  for (const resource of filled) effects.push(...emptying(resource, contents(resource)));
  if (filled.length === 0) {
    effects.push({ type: 'finalize', finalizers: finalizers.filter((name) => name !== FINALIZER.namespace) });
  }
  return effects;
}

/** What is on its way out already needs time, not another request. */
function emptying(resource: KeptResource, objects: readonly KubeObject[]): readonly NamespaceEffect[] {
  const staying = objects.filter((object) => !isTerminating(object));
  if (staying.length === 0) return [];
  if (objects.length <= COLLECTION_MAX) return [{ type: 'delete-all', resource }];
  return staying.slice(0, COLLECTION_MAX).map((object) => ({ type: 'delete-one', resource, object }));
}
