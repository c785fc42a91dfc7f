import { createHash } from 'node:crypto';
import type { Hash } from './contract.ts';

/** 96 bits of SHA-1 in base64url over the parts, each preceded by its length. Not against forgers: against drift. */
export function hashOf(...parts: readonly (string | Uint8Array)[]): Hash {
  const hash = createHash('sha1');
  for (const part of parts) hash.update(`${part.length}:`).update(part);
  return hash.digest('base64url').slice(0, 16);
}
