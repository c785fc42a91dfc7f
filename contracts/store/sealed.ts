import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { failure, StatusError, statusError } from '../errors/status.ts';
import type { KubeObject } from '../kinds/kinds.ts';
import { KINDS } from '../kinds/registry.ts';
import type { Key } from './keys.ts';

/** The key with which a cluster seals secret data. */
export interface ClusterKey {
  /** Identifies the key without revealing it; stored with the sealed data. */
  readonly id: string;
  /** 32 bytes. */
  readonly bytes: Uint8Array;
}

/** The field `sealed` of a stored object, in place of its secret fields. `v` is the version of this format. */
interface Sealed {
  readonly v: 1;
  readonly key: string;
  readonly iv: string;
  /** Ciphertext and tag, base64. */
  readonly box: string;
}
interface SecretParts {
  readonly data?: unknown;
  readonly stringData?: unknown;
  readonly annotations?: Readonly<Record<string, string>>;
}
type Fields = Record<string, unknown> & {
  metadata?: { annotations?: Record<string, string> };
  sealed?: Sealed;
};

/** Bytes of an initialisation vector. */
export const IV_BYTES = 12;
const TAG_BYTES = 16;
/** Annotations in which clients keep the applied manifest, including secret data. */
const SPEAKING_ANNOTATION = /last-applied/;

/** @throws StatusError InternalError when `bytes` is not 32 bytes long */
export function clusterKey(bytes: Uint8Array): ClusterKey {
  if (bytes.length !== 32) {
    throw statusError('InternalError', `read the cluster key: found ${bytes.length} bytes, a key has 32`);
  }
  const id = createHash('sha256').update('troupe cluster key').update(bytes).digest('hex').slice(0, 16);
  return { id, bytes };
}

const SECRET_KEYS = KINDS.filter(({ secret }) => secret).map(({ resource }) => `${resource}.`);

/** Does an object under this key hold secret data? */
export const isSecretKey = (key: Key): boolean => SECRET_KEYS.some((start) => key.startsWith(start));

/** Is the secret data of this object sealed? */
export const isSealed = (object: KubeObject): boolean => (object as Fields).sealed !== undefined;

/**
 * Replaces the secret fields of an object by their AES-256-GCM ciphertext, bound to the object's store key.
 * @param iv 12 bytes that were never used with this cluster key before
 */
export function seal(key: Key, object: KubeObject, cluster: ClusterKey, iv: Uint8Array): KubeObject {
  const { data, stringData, ...open } = object as Fields;
  const annotations = Object.entries(open.metadata?.annotations ?? {});
  const speaking = annotations.filter(([name]) => SPEAKING_ANNOTATION.test(name));
  const secret: SecretParts = { data, stringData, annotations: Object.fromEntries(speaking) };
  const cipher = createCipheriv('aes-256-gcm', cluster.bytes, iv).setAAD(boundTo(key));
  const box = Buffer.concat([cipher.update(JSON.stringify(secret), 'utf8'), cipher.final(), cipher.getAuthTag()]);
  const sealed: Sealed = {
    v: 1,
    key: cluster.id,
    iv: Buffer.from(iv).toString('base64'),
    box: box.toString('base64'),
  };
  if (speaking.length > 0) {
    const silent = annotations.filter(([name]) => !SPEAKING_ANNOTATION.test(name));
    open.metadata = { ...open.metadata, annotations: Object.fromEntries(silent) };
  }
  return { ...open, sealed } as KubeObject;
}

/**
 * Undoes `seal`. An object that is not sealed is returned unchanged.
 * @throws StatusError InternalError: no cluster key, a different one, or data that was not sealed for `key`
 */
export function unseal(key: Key, object: KubeObject, cluster: ClusterKey | undefined): KubeObject {
  const { sealed, ...open } = object as Fields;
  if (sealed === undefined) return object;
  if (sealed.v !== 1) {
    throw cannotRead(key, `its secret data has format ${String(sealed.v)}, this release reads format 1; upgrade`);
  }
  if (cluster?.id !== sealed.key) {
    const held = cluster === undefined ? 'this process has no key' : `this process has key ${cluster.id}`;
    throw cannotRead(key, `sealed with cluster key ${sealed.key}, ${held}; start it with the key that sealed it`);
  }
  const { data, stringData, annotations = {} } = decipher(key, sealed, cluster);
  if (Object.keys(annotations).length > 0) {
    open.metadata = { ...open.metadata, annotations: { ...open.metadata?.annotations, ...annotations } };
  }
  return {
    ...open,
    ...(data === undefined ? {} : { data }),
    ...(stringData === undefined ? {} : { stringData }),
  } as KubeObject;
}

/**
 * As `unseal`, but an object that cannot be unsealed is returned sealed: its name and metadata are still useful.
 * @param report called with the reason
 */
export function unsealOrLeave(
  key: Key,
  object: KubeObject,
  cluster: ClusterKey | undefined,
  report?: (error: unknown) => void,
): KubeObject {
  try {
    return unseal(key, object, cluster);
  } catch (error) {
    report?.(error);
    return object;
  }
}

/** Was it sealed with this cluster key? `undefined` when it is not sealed. Does not check that it can be unsealed. */
export function isSealedWith(object: KubeObject, cluster: ClusterKey): boolean | undefined {
  const { sealed } = object as Fields;
  return sealed === undefined ? undefined : sealed.key === cluster.id;
}

function decipher(key: Key, sealed: Sealed, cluster: ClusterKey): SecretParts {
  try {
    const box = Buffer.from(sealed.box, 'base64');
    const decipher = createDecipheriv('aes-256-gcm', cluster.bytes, Buffer.from(sealed.iv, 'base64'))
      .setAAD(boundTo(key))
      .setAuthTag(box.subarray(-TAG_BYTES));
    const text = Buffer.concat([decipher.update(box.subarray(0, -TAG_BYTES)), decipher.final()]).toString('utf8');
    return JSON.parse(text) as SecretParts;
  } catch (cause) {
    throw cannotRead(key, 'its sealed data was altered or moved from another name; write it again', cause);
  }
}

const boundTo = (key: Key): Buffer => Buffer.from(`troupe sealed 1 ${key}`);

function cannotRead(key: Key, finding: string, cause?: unknown): Error {
  return new StatusError(failure('InternalError', `read ${key}: ${finding}`), { cause });
}
