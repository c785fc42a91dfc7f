import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { DeleteOptions } from '../../../contracts/messages/api.ts';
import { parseRfc3339 } from '../../../contracts/time/rfc3339.ts';
import type { Target, View } from '../../kernel/contract.ts';

export const uidOf = (object: KubeObject): string => object.metadata?.uid ?? '';
export const nameOf = (object: KubeObject): string => object.metadata?.name ?? '';
export const namespaceOf = (object: KubeObject): string => object.metadata?.namespace ?? '';
/** `namespace/name`: the work queue key of a namespaced object. */
export const keyOf = (object: KubeObject): string => `${namespaceOf(object)}/${nameOf(object)}`;
/** @returns milliseconds since the epoch; 0 when the object has no creationTimestamp */
export function createdAt(object: KubeObject): number {
  const at = parseRfc3339(object.metadata?.creationTimestamp);
  return Number.isNaN(at) ? 0 : at;
}
/** The target of a request about this object. */
export const targetOf = ({ metadata }: KubeObject): Target => ({
  namespace: metadata?.namespace,
  name: metadata?.name,
});
/** Delete options with this object's uid: another object that has taken its name is not deleted. */
export const onlyThis = (object: KubeObject): DeleteOptions => ({ preconditions: { uid: uidOf(object) } });
export const isTerminating = (object: KubeObject): boolean => object.metadata?.deletionTimestamp !== undefined;

/** @returns `[namespace, name]` of a key made by `keyOf` */
export function splitKey(key: string): readonly [namespace: string, name: string] {
  const at = key.indexOf('/');
  return [key.slice(0, at), key.slice(at + 1)];
}

/** A terminating namespace accepts no new objects. */
export function isNamespaceTerminating(view: View, namespace: string): boolean {
  const found = view.get('namespaces', undefined, namespace);
  return found !== undefined && isTerminating(found);
}
