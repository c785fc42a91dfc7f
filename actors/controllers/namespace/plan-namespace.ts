import type { KubeObject, Namespace } from '../../../contracts/kinds/kinds.ts';
import { FINALIZER } from '../../../contracts/kinds/meta/check-meta.ts';
import { isTerminating } from '../shared/object-meta.ts';

/** Name of the ServiceAccount that every namespace has. It is not set on pods that name no account. */
export const DEFAULT_ACCOUNT = 'default';

export type NamespaceEffect =
  | { readonly type: 'create-account' }
  | { readonly type: 'mark-terminating' }
  | { readonly type: 'delete-all'; readonly resource: string }
  | { readonly type: 'delete-one'; readonly resource: string; readonly object: KubeObject }
  /** The namespace is empty: `finalizers` are those without Kubernetes' own. */
  | { readonly type: 'finalize'; readonly finalizers: readonly string[] };

/** Larger collections are deleted one by one: the api-server limits how many objects one request deletes. */
export const COLLECTION_MAX = 1000;

/**
 * Decides what a namespace needs next: an active one its default ServiceAccount; a terminating one the deletion of its
 * contents, and, once it is empty, the removal of its finalizer. Pure and total.
 * @param contents the objects in it now, by resource
 */
export function planNamespace(
  namespace: Namespace,
  contents: ReadonlyMap<string, readonly KubeObject[]>,
): readonly NamespaceEffect[] {
  if (!isTerminating(namespace)) {
    const hasAccount = contents.get('serviceaccounts')?.some(({ metadata }) => metadata?.name === DEFAULT_ACCOUNT);
    return hasAccount ? [] : [{ type: 'create-account' }];
  }
  const finalizers = namespace.spec?.finalizers ?? [];
  if (!finalizers.includes(FINALIZER.namespace)) return [];
  const effects: NamespaceEffect[] = namespace.status?.phase === 'Terminating' ? [] : [{ type: 'mark-terminating' }];
  for (const [resource, objects] of contents) effects.push(...deletions(resource, objects));
  if (contents.size === 0) {
    effects.push({ type: 'finalize', finalizers: finalizers.filter((name) => name !== FINALIZER.namespace) });
  }
  return effects;
}

/** No request for objects that are terminating already. */
function deletions(resource: string, objects: readonly KubeObject[]): readonly NamespaceEffect[] {
  const remaining = objects.filter((object) => !isTerminating(object));
  if (remaining.length === 0) return [];
  if (objects.length <= COLLECTION_MAX) return [{ type: 'delete-all', resource }];
  return remaining.slice(0, COLLECTION_MAX).map((object) => ({ type: 'delete-one', resource, object }));
}
