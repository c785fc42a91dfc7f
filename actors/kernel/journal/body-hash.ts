import xxhash from 'xxhash-wasm';
import type { Bytes, Hash } from '../contract.ts';

const hasher = await xxhash();

const BYTES = 8;

/** 64 bits of xxHash. Computed for every answer, so it must be cheap. It detects changes, not forgery. */
export const bodyDigest = (body: Bytes): bigint => hasher.h64Raw(body);

/** The digest as text: 11 letters of base64url. */
export function bodyHash(digest: bigint): Hash {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeBigUInt64BE(digest);
  return bytes.toString('base64url');
}

/** The digest in the text that `bodyHash` returned. */
export const digestIn = (hash: Hash): bigint => Buffer.from(hash, 'base64url').readBigUInt64BE();
