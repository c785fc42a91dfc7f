import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Target, View } from '../../kernel/contract.ts';

/** The owner that manages the object, of which there is at most one. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller === true);

export const uidOf = (object: KubeObject): string => object.metadata?.uid ?? '';
export const nameOf = (object: KubeObject): string => object.metadata?.name ?? '';
export const namespaceOf = (object: KubeObject): string => object.metadata?.namespace ?? '';
/** `namespace/name`: how a controller's keys name a namespaced object. */
export const keyOf = (object: KubeObject): string => `${namespaceOf(object)}/${nameOf(object)}`;
/** @returns milliseconds since the epoch; 0 when nobody noted it */
export function createdAt(object: KubeObject): number {
  const at = parseRfc3339(object.metadata?.creationTimestamp);
  return Number.isNaN(at) ? 0 : at;
}
/** Names the object in a request. */
export const targetOf = ({ metadata }: KubeObject): Target => ({
  namespace: metadata?.namespace,
  name: metadata?.name,
});
/** Delete this very object, not its namesake of tomorrow. */
export const onlyThis = (object: KubeObject): DeleteOptions => ({ preconditions: { uid: uidOf(object) } });
export const isTerminating = (object: KubeObject): boolean => object.metadata?.deletionTimestamp !== undefined;

/** @returns `[namespace, name]` of a key made by `keyOf` */
export function splitKey(key: string): readonly [namespace: string, name: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** The reference by which `owner` manages what it makes. */
export const controllerReference = (owner: KubeObject, apiVersion: string, kind: string): OwnerReference => ({
  apiVersion,
  kind,
  name: nameOf(owner),
  uid: uidOf(owner),
  controller: true,
  blockOwnerDeletion: true,
});

/** Key of the managing owner of that kind, in the object's namespace. */
export function ownerKey(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${namespaceOf(object)}/${owner.name}` : undefined;
}

/** A namespace on its way out takes no new objects: to ask for some would only be refused. */
export function isClosing(view: View, namespace: string): boolean {
  const found = view.get('namespaces', undefined, namespace);
  return found !== undefined && isTerminating(found);
}
