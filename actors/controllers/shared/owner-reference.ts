import type { KubeObject, OwnerReference } from '../../../contracts/kinds/kinds.ts';
import { nameOf, namespaceOf, uidOf } from './object-meta.ts';

/** The reference to the owner that manages the object; there is at most one. */
export const controllerOf = (object: KubeObject): OwnerReference | undefined =>
  object.metadata?.ownerReferences?.find((owner) => owner.controller === true);

/** The owner reference of an object that `owner` manages. */
export const controllerReference = (owner: KubeObject, apiVersion: string, kind: string): OwnerReference => ({
  apiVersion,
  kind,
  name: nameOf(owner),
  uid: uidOf(owner),
  controller: true,
  blockOwnerDeletion: true,
});

/** Key of the managing owner if it is of that kind; owners are in the object's namespace. */
export function ownerKey(object: KubeObject, kind: string): string | undefined {
  const owner = controllerOf(object);
  return owner?.kind === kind ? `${namespaceOf(object)}/${owner.name}` : undefined;
}
