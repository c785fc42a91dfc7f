import type { KubeObject } from '../kinds/kinds.ts';
import { token, untoken } from '../subjects/token.ts';

/** `<resource>.<namespace or _>.<name>` in escaped tokens: the key of an object in the store. */
export type Key = string;

/** Resource part of the keys that are no objects, one per singleton actor: the key's last revision is the actor's epoch. */
export const EPOCHS = 'epochs';

export const storeKey = (resource: string, namespace: string | undefined, name: string): Key =>
  `${token(resource)}.${token(namespace)}.${token(name)}`;

/** The key of an object. @param resource the plural of its kind, which the object itself does not contain */
export const keyOfObject = (resource: string, { metadata }: KubeObject): Key =>
  storeKey(resource, metadata?.namespace, metadata?.name ?? '');

export interface KeyParts {
  readonly resource: string;
  /** Empty for cluster-scoped objects. */
  readonly namespace: string;
  readonly name: string;
}

export function parseKey(key: Key): KeyParts | undefined {
  const [resource, namespace, name, ...rest] = key.split('.').map(untoken);
  if (resource === undefined || namespace === undefined || name === undefined || rest.length > 0) return undefined;
  return { resource, namespace, name };
}
