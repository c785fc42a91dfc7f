import { createHash } from 'node:crypto';
import type { Hash } from '../contract.ts';

/** 96 bits of SHA-1 in base64url over the parts, each preceded by its length. Used for a state and, before it is keyed, for what carries a secret. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): Hash {
  const hash = createHash('sha1');
  let text = ''; // a call into the hash costs more than what it hashes
  for (const part of parts) {
    text += `${part.length}:`;
    if (typeof part === 'string') text += part;
    else {
      hash.update(text).update(part);
      text = '';
    }
  }
  return hash.update(text).digest('base64url').slice(0, 16);
}
