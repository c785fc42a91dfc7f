import { clusterRoleKind } from './cluster-role/cluster-role.ts';
import { clusterRoleBindingKind } from './cluster-role-binding/cluster-role-binding.ts';
import { configMapKind } from './config-map/config-map.ts';
import { customResourceDefinitionKind } from './custom-resource-definition/custom-resource-definition.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import { compareVersions } from './custom/compare-versions.ts';
import { customKind, isServed } from './custom/custom-kind.ts';
import { groupOf, type Kind, type KindVersion } from './kind.ts';
import type { CustomResourceDefinition, KubeObject } from './kinds.ts';
import { namespaceKind } from './namespace/namespace.ts';
import { nodeKind } from './node/node.ts';
import { podKind } from './pod/pod.ts';
import { replicaSetKind } from './replica-set/replica-set.ts';
import { roleKind } from './role/role.ts';
import { roleBindingKind } from './role-binding/role-binding.ts';
import { secretKind } from './secret/secret.ts';
import { serviceAccountKind } from './service-account/service-account.ts';

const open = <T extends KubeObject>(kind: Kind<T>): Kind => kind as unknown as Kind;

/** All kinds of Troupe. A new kind needs a folder and one line here. */
export const KINDS: readonly Kind[] = [
  open(namespaceKind),
  open(nodeKind),
  open(podKind),
  open(replicaSetKind),
  open(deploymentKind),
  open(configMapKind),
  open(secretKind),
  open(serviceAccountKind),
  open(eventKind),
  open(roleKind),
  open(clusterRoleKind),
  open(roleBindingKind),
  open(clusterRoleBindingKind),
  open(customResourceDefinitionKind),
];

/** A kind in one of its served versions. */
export interface Served {
  readonly kind: Kind;
  readonly version: KindVersion;
}

/** The kinds that a cluster has: Troupe's own, and those of its CustomResourceDefinitions. */
export class KindRegistry {
  readonly kinds: readonly Kind[];
  /** Every kind in every served version; of each kind the preferred version first. */
  readonly served: readonly Served[];
  readonly #byResource: ReadonlyMap<string, Kind>;
  readonly #byName: ReadonlyMap<string, Served>;

  constructor(kinds: readonly Kind[]) {
    this.kinds = kinds;
    this.served = kinds.flatMap((kind) =>
      byPreference(kind.versions.filter(({ served }) => served)).map((version) => ({ kind, version })),
    );
    this.#byResource = new Map(kinds.map((kind) => [kind.resource, kind]));
    this.#byName = new Map(this.served.toReversed().flatMap((one) => namesOf(one).map((name) => [name, one] as const)));
  }

  /** Finds a kind by its plural, as in subjects and keys; a subresource after a slash is ignored. */
  byResource(resource: string): Kind | undefined {
    return this.#byResource.get(resource.split('/', 1)[0] ?? '');
  }

  /**
   * Finds a kind by a name of its resource: `pods`, `deployments.apps`, `widgets.example.com`; `events.events.k8s.io` and
   * `widgets.v1beta1.example.com` name a version too.
   */
  named(resource: string): Served | undefined {
    return this.#byName.get(resource);
  }
  get names(): readonly string[] {
    return [...this.#byName.keys()];
  }

  /** Finds a kind by an object's `apiVersion` and `kind`; `undefined` when that version is not served. */
  servedAs(apiVersion: string, kind: string): Served | undefined {
    return this.served.find((one) => one.kind.kind === kind && one.version.apiVersion === apiVersion);
  }

  /** The served versions of a kind; `[]` = there is no such kind. */
  servedVersions(kind: string): readonly string[] {
    return this.served.filter((one) => one.kind.kind === kind).map(({ version }) => version.apiVersion);
  }
}

/** The versions of a custom kind by Kubernetes' priority; those of a built-in kind in the order of its definition. */
function byPreference(versions: readonly KindVersion[]): readonly KindVersion[] {
  const inGroup = new Set(versions.map(({ apiVersion }) => groupOf(apiVersion)));
  return inGroup.size > 1 ? versions : versions.toSorted((a, b) => compareVersions(versionIn(a), versionIn(b)));
}

const versionIn = ({ apiVersion }: KindVersion): string => apiVersion.slice(apiVersion.indexOf('/') + 1);

function namesOf({ kind, version: { apiVersion } }: Served): readonly string[] {
  const group = groupOf(apiVersion);
  const { resource } = kind;
  const plural = resource.split('.', 1)[0] ?? '';
  const full = group === '' ? resource : `${plural}.${group}`;
  const versioned = group === '' ? [] : [`${plural}.${apiVersion.slice(group.length + 1)}.${group}`];
  return apiVersion === kind.storageVersion || group === kind.group
    ? [full, resource, ...versioned]
    : [full, ...versioned];
}

/** Troupe's own kinds. */
export const BUILT_IN = new KindRegistry(KINDS);

const customKinds = new WeakMap<CustomResourceDefinition, Kind>();

function customKindOf(definition: CustomResourceDefinition): Kind {
  const before = customKinds.get(definition);
  if (before !== undefined) return before;
  const kind = customKind(definition);
  customKinds.set(definition, kind);
  return kind;
}

const registries = new WeakMap<readonly CustomResourceDefinition[], KindRegistry>();

/** Troupe's own kinds and the custom kinds that are served. The same list gives the same registry. */
export function kindsOf(definitions: readonly CustomResourceDefinition[]): KindRegistry {
  if (definitions.length === 0) return BUILT_IN;
  const before = registries.get(definitions);
  if (before !== undefined) return before;
  const registry = new KindRegistry([...KINDS, ...definitions.filter(isServed).map(customKindOf)]);
  registries.set(definitions, registry);
  return registry;
}

/** The kinds as of a view of the store. */
export const kindsIn = (view: {
  list(resource: 'customresourcedefinitions'): readonly CustomResourceDefinition[];
}): KindRegistry => kindsOf(view.list('customresourcedefinitions'));
