import { createCipheriv, createDecipheriv, createHmac, randomBytes } from 'node:crypto';
import type { Sealer } from '../../../actors/kernel/journal/journal.ts';
import type { ClusterKey } from '../../../contracts/store/sealed.ts';

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** 96 bits in base64url, as every hash of a recording. */
const HASH_LETTERS = 16;

/**
 * Encrypts recorded bodies that carry secret data, with AES-256-GCM: initialisation vector, tag, ciphertext. Comparisons use an HMAC
 * of the body, with a key derived for that.
 */
export function journalSealer(key: ClusterKey): Sealer {
  const hashKey = createHmac('sha256', key.bytes).update('troupe journal hashes').digest();
  return {
    keyed: (hash) => createHmac('sha256', hashKey).update(hash).digest('base64url').slice(0, HASH_LETTERS),
    seal(bytes) {
      const iv = randomBytes(IV_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key.bytes, iv);
      const box = Buffer.concat([cipher.update(bytes), cipher.final()]);
      return Buffer.concat([iv, cipher.getAuthTag(), box]);
    },
    open(bytes) {
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, IV_BYTES));
      decipher.setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
      return Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
    },
  };
}
