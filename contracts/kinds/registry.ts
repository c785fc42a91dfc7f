import { clusterRoleKind } from './cluster-role/cluster-role.ts';
import { clusterRoleBindingKind } from './cluster-role-binding/cluster-role-binding.ts';
import { configMapKind } from './config-map/config-map.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import type { Kind, KindVersion } from './kind.ts';
import type { KubeObject } from './kinds.ts';
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
];

const BY_RESOURCE = new Map(KINDS.map((kind) => [kind.resource, kind]));

/** Finds a kind by its plural, as in subjects and keys; a subresource after a slash is ignored. */
export const kindByResource = (resource: string): Kind | undefined => BY_RESOURCE.get(resource.split('/', 1)[0] ?? '');

/** A kind in one of its served versions. */
export interface Served {
  readonly kind: Kind;
  readonly version: KindVersion;
}

/** Every kind in every served version. */
export const SERVED: readonly Served[] = KINDS.flatMap((kind) =>
  kind.versions.filter(({ served }) => served).map((version) => ({ kind, version })),
);

/** Finds a kind by an object's `apiVersion` and `kind`; `undefined` when that version is not served. */
export const servedAs = (apiVersion: string, kind: string): Served | undefined =>
  SERVED.find((one) => one.kind.kind === kind && one.version.apiVersion === apiVersion);

/** The served versions of a kind; `[]` = there is no such kind. */
export const servedVersions = (kind: string): readonly string[] =>
  SERVED.filter((one) => one.kind.kind === kind).map(({ version }) => version.apiVersion);

export const kindOf = (apiVersion: string, kind: string): Kind | undefined => servedAs(apiVersion, kind)?.kind;
