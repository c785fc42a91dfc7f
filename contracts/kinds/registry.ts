import { configMapKind } from './config-map/config-map.ts';
import { deploymentKind } from './deployment/deployment.ts';
import { eventKind } from './event/event.ts';
import type { Kind, KindVersion } from './kind.ts';
import type { KubeObject } from './kinds.ts';
import { namespaceKind } from './namespace/namespace.ts';
import { nodeKind } from './node/node.ts';
import { podKind } from './pod/pod.ts';
import { replicaSetKind } from './replica-set/replica-set.ts';
import { secretKind } from './secret/secret.ts';
import { serviceAccountKind } from './service-account/service-account.ts';

const open = <T extends KubeObject>(kind: Kind<T>): Kind => kind as unknown as Kind;

/** Troupe's own kinds. A new kind is a folder and one line here. */
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
];

const BY_RESOURCE = new Map(KINDS.map((kind) => [kind.resource, kind]));

/** By the plural, as in subjects and keys; a subresource after a slash is not looked at. */
export const kindByResource = (resource: string): Kind | undefined => BY_RESOURCE.get(resource.split('/', 1)[0] ?? '');

/** A kind, and a version in which a client may speak of it. */
export interface Served {
  readonly kind: Kind;
  readonly version: KindVersion;
}

/** Every kind in every version that is served. */
export const SERVED: readonly Served[] = KINDS.flatMap((kind) =>
  kind.versions.filter(({ served }) => served).map((version) => ({ kind, version })),
);

/** By what an object says of itself; `undefined` when no such version is served. */
export const servedAs = (apiVersion: string, kind: string): Served | undefined =>
  SERVED.find((one) => one.kind.kind === kind && one.version.apiVersion === apiVersion);

/** In which versions a kind is served; none: there is no such kind. */
export const servedVersions = (kind: string): readonly string[] =>
  SERVED.filter((one) => one.kind.kind === kind).map(({ version }) => version.apiVersion);

export const kindOf = (apiVersion: string, kind: string): Kind | undefined => servedAs(apiVersion, kind)?.kind;
