import type { ResourceName } from '../../../contracts/kinds/kinds.ts';
import { type AnySayDecl, api, type WatchDecl, watch } from '../../kernel/declare.ts';

/** What controllers that look after every kind look after. Events expire by themselves. */
export type KeptResource = Exclude<ResourceName, 'events'>;
const KEPT: Readonly<Record<KeptResource, { readonly kind: string; readonly namespaced: boolean }>> = {
  pods: { kind: 'Pod', namespaced: true },
  replicasets: { kind: 'ReplicaSet', namespaced: true },
  deployments: { kind: 'Deployment', namespaced: true },
  configmaps: { kind: 'ConfigMap', namespaced: true },
  secrets: { kind: 'Secret', namespaced: true },
  serviceaccounts: { kind: 'ServiceAccount', namespaced: true },
  namespaces: { kind: 'Namespace', namespaced: false },
  nodes: { kind: 'Node', namespaced: false },
};

export const KEPT_RESOURCES = Object.keys(KEPT) as readonly KeptResource[];
export const NAMESPACED_RESOURCES = KEPT_RESOURCES.filter((resource) => KEPT[resource].namespaced);
export const KEPT_KINDS: ReadonlySet<string> = new Set(Object.values(KEPT).map(({ kind }) => kind));

/** One entry a resource, for `hears` and `wakes`. */
export const perResource = <T>(
  resources: readonly KeptResource[],
  of: (resource: KeptResource) => T,
): Record<KeptResource, T> =>
  Object.fromEntries(resources.map((resource) => [resource, of(resource)])) as Record<KeptResource, T>;

export const watchAll = (resources: readonly KeptResource[]): Record<KeptResource, WatchDecl<KeptResource>> =>
  perResource(resources, (resource) => watch(resource));

export type Verb = 'delete' | 'patch';
export type SayName = `${Verb}-${KeptResource}`;

/** `delete-pods`, `patch-pods` and so on: one entry a verb and resource, for `says`. */
export const sayAll = <V extends Verb>(verbs: readonly V[], resources: readonly KeptResource[]) =>
  Object.fromEntries(
    verbs.flatMap((verb) =>
      resources.map((resource): [string, AnySayDecl] => [`${verb}-${resource}`, api(verb, resource)]),
    ),
  ) as Record<`${V}-${KeptResource}`, ReturnType<typeof api<string>>>;
