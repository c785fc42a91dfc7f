import { randomBytes } from 'node:crypto';
import { statusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { type ClusterKey, IV_BYTES, isSealed, isSecretKey, seal } from '../../contracts/store/sealed.ts';

/**
 * The stored form of an object: readable JSON without resourceVersion (which is the stream's sequence number), secret data
 * sealed.
 * @throws StatusError InternalError: secret data and no key; RequestEntityTooLarge
 */
export function encodeObject(key: Key, object: KubeObject, cluster: ClusterKey | undefined, bytesMax: number): string {
  const text = JSON.stringify(toStored(key, object, cluster));
  // A UTF-16 unit takes at most three bytes: most objects need not be measured.
  const bytes = text.length * 3 <= bytesMax ? text.length : Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw statusError(
    'RequestEntityTooLarge',
    `write ${key}: the object has ${bytes} bytes and the limit is ${bytesMax}; store large data elsewhere and refer to it`,
  );
}

/** The object as it is stored, before encoding. @throws StatusError InternalError: secret data and no key */
export function toStored(key: Key, object: KubeObject, cluster: ClusterKey | undefined): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  const stored = { ...object, metadata } as KubeObject;
  if (!isSecretKey(key)) return stored;
  if (cluster === undefined) {
    throw statusError(
      'InternalError',
      `write ${key}: secret data is stored sealed and this process has no cluster key; start it with the cluster's key`,
    );
  }
  if (isSealed(object)) {
    throw statusError(
      'InternalError',
      `write ${key}: the secret's data could not be decrypted and must not be written back; start this process with the cluster's key`,
    );
  }
  return seal(key, stored, cluster, randomBytes(IV_BYTES));
}
