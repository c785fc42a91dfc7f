import xxhash from 'xxhash-wasm';
import type { Bytes, Hash } from '../contract.ts';

const hasher = await xxhash();

const BYTES = 8;
const LETTERS = 11;

/** 64 bits of xxHash. One is made of every answer, so that it must cost next to nothing. Not against forgers: against drift. */
export const bodyDigest = (body: Bytes): bigint => hasher.h64Raw(body);

/** As text, in base64url: eleven letters, where `hashOf` makes sixteen. */
export function bodyHash(digest: bigint): Hash {
  const bytes = Buffer.allocUnsafe(BYTES);
  bytes.writeBigUInt64BE(digest);
  return bytes.toString('base64url');
}

export const isBodyHash = (hash: Hash): boolean => hash.length === LETTERS;

/** What the text of `bodyHash` was made from. */
export const digestIn = (hash: Hash): bigint => Buffer.from(hash, 'base64url').readBigUInt64BE();
