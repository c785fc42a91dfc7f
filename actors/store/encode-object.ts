import { randomBytes } from 'node:crypto';
import { statusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import { type ClusterKey, IV_BYTES, isSealed, isSecretKey, seal } from '../../contracts/store/sealed.ts';

/**
 * The bytes under which an object is stored: JSON that a person can read, without its resourceVersion (the stream's
 * sequence is that), secret data sealed.
 * @throws StatusError InternalError: secret data and no key; RequestEntityTooLarge
 */
export function encodeObject(key: Key, object: KubeObject, cluster: ClusterKey | undefined, bytesMax: number): string {
  const text = JSON.stringify(toStored(key, object, cluster));
  // A UTF-16 unit has at most three bytes: most objects need not be measured.
  const bytes = text.length * 3 <= bytesMax ? text.length : Buffer.byteLength(text);
  if (bytes <= bytesMax) return text;
  throw statusError(
    'RequestEntityTooLarge',
    `write ${key}: it has ${bytes} bytes, an object may have ${bytesMax}; keep large data elsewhere and refer to it`,
  );
}

/** What is stored of an object. @throws StatusError InternalError: secret data and no key */
export function toStored(key: Key, object: KubeObject, cluster: ClusterKey | undefined): KubeObject {
  const { resourceVersion: _, ...metadata } = object.metadata ?? {};
  const stored = { ...object, metadata } as KubeObject;
  if (!isSecretKey(key)) return stored;
  if (cluster === undefined) {
    throw statusError(
      'InternalError',
      `write ${key}: this process has no cluster key, and secret data is stored sealed; start it with the cluster's key`,
    );
  }
  if (isSealed(object)) {
    throw statusError('InternalError', `write ${key}: its data could not be read and must not be written back sealed`);
  }
  return seal(key, stored, cluster, randomBytes(IV_BYTES));
}
