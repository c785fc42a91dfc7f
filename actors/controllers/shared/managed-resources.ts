import { groupOf, type Kind } from '../../../contracts/kinds/kind.ts';
import type { OwnerReference, ResourceName } from '../../../contracts/kinds/kinds.ts';
import { KINDS } from '../../../contracts/kinds/registry.ts';
import type { AnySayDecl } from '../../kernel/contract.ts';
import { api, type WatchDecl, watch } from '../../kernel/declare.ts';

/** The resources of controllers that handle every kind: all but events, which expire by themselves. */
export type ManagedResource = Exclude<ResourceName, 'events'>;

const MANAGED = KINDS.filter(({ resource }) => resource !== 'events');
const resourcesOf = (kinds: readonly Kind[]): readonly ManagedResource[] =>
  kinds.map(({ resource }) => resource as ManagedResource);

export const MANAGED_RESOURCES = resourcesOf(MANAGED);
export const NAMESPACED_RESOURCES = resourcesOf(MANAGED.filter(({ namespaced }) => namespaced));
const isNamespaced: ReadonlyMap<string, boolean> = new Map(
  MANAGED.map(({ group, kind, namespaced }) => [`${group}/${kind}`, namespaced]),
);
/**
 * Is the owner of a kind whose objects this controller watches? Another API group may have a kind of the same name.
 * @param scope of the owned object: with `cluster`, an owner of a namespaced kind cannot be looked up
 */
export function isManagedKind(
  { apiVersion, kind }: Pick<OwnerReference, 'apiVersion' | 'kind'>,
  scope: 'cluster' | 'namespace',
): boolean {
  const namespaced = isNamespaced.get(`${groupOf(apiVersion)}/${kind}`);
  return namespaced === false || (namespaced === true && scope === 'namespace');
}

/** One entry per resource, for `hears` and `wakes`. */
export const perResource = <T>(
  resources: readonly ManagedResource[],
  of: (resource: ManagedResource) => T,
): Record<ManagedResource, T> =>
  Object.fromEntries(resources.map((resource) => [resource, of(resource)])) as Record<ManagedResource, T>;

export const watchAll = (resources: readonly ManagedResource[]): Record<ManagedResource, WatchDecl<ManagedResource>> =>
  perResource(resources, (resource) => watch(resource));

export type Verb = 'delete' | 'patch';

/** `delete-pods`, `patch-pods` and so on: one entry per verb and resource, for `says`. */
export const sayAll = <V extends Verb>(verbs: readonly V[], resources: readonly ManagedResource[]) =>
  Object.fromEntries(
    verbs.flatMap((verb) =>
      resources.map((resource): [string, AnySayDecl] => [`${verb}-${resource}`, api(verb, resource)]),
    ),
  ) as Record<`${V}-${ManagedResource}`, ReturnType<typeof api<string>>>;
