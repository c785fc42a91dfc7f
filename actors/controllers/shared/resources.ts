import { groupOf, type Kind } from '../../../contracts/kinds/kind.ts';
import type { OwnerReference, ResourceName } from '../../../contracts/kinds/kinds.ts';
import { KINDS } from '../../../contracts/kinds/registry.ts';
import type { AnySayDecl } from '../../kernel/contract.ts';
import { api, type WatchDecl, watch } from '../../kernel/declare.ts';

/** What controllers that look after every kind look after. Events expire by themselves. */
export type KeptResource = Exclude<ResourceName, 'events'>;

const KEPT = KINDS.filter(({ resource }) => resource !== 'events');
const resourcesOf = (kinds: readonly Kind[]): readonly KeptResource[] =>
  kinds.map(({ resource }) => resource as KeptResource);

export const KEPT_RESOURCES = resourcesOf(KEPT);
export const NAMESPACED_RESOURCES = resourcesOf(KEPT.filter(({ namespaced }) => namespaced));
const isNamespaced: ReadonlyMap<string, boolean> = new Map(
  KEPT.map(({ group, kind, namespaced }) => [`${group}/${kind}`, namespaced]),
);
/**
 * Is that a kind whose objects are all seen here? Another group may have one of the same name.
 * @param scope of what is owned: `cluster` = it cannot tell in which namespace its owner would be
 */
export function isKept(
  { apiVersion, kind }: Pick<OwnerReference, 'apiVersion' | 'kind'>,
  scope: 'cluster' | 'namespace',
): boolean {
  const namespaced = isNamespaced.get(`${groupOf(apiVersion)}/${kind}`);
  return namespaced === false || (namespaced === true && scope === 'namespace');
}

/** One entry a resource, for `hears` and `wakes`. */
export const perResource = <T>(
  resources: readonly KeptResource[],
  of: (resource: KeptResource) => T,
): Record<KeptResource, T> =>
  Object.fromEntries(resources.map((resource) => [resource, of(resource)])) as Record<KeptResource, T>;

export const watchAll = (resources: readonly KeptResource[]): Record<KeptResource, WatchDecl<KeptResource>> =>
  perResource(resources, (resource) => watch(resource));

export type Verb = 'delete' | 'patch';

/** `delete-pods`, `patch-pods` and so on: one entry a verb and resource, for `says`. */
export const sayAll = <V extends Verb>(verbs: readonly V[], resources: readonly KeptResource[]) =>
  Object.fromEntries(
    verbs.flatMap((verb) =>
      resources.map((resource): [string, AnySayDecl] => [`${verb}-${resource}`, api(verb, resource)]),
    ),
  ) as Record<`${V}-${KeptResource}`, ReturnType<typeof api<string>>>;
