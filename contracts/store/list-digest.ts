import { fnv1a32 } from '../hash/stable-hash.ts';
import type { Key } from './keys.ts';

/** Summarises which objects of a resource exist, in which revisions. Objects can be added and removed in any order. */
export interface ListDigest {
  readonly count: number;
  readonly xor: number;
  readonly sum: number;
}

export const EMPTY_DIGEST: ListDigest = { count: 0, xor: 0, sum: 0 };

const entry = (key: Key, revision: number): number => fnv1a32(`${key}@${revision}`);

export function withEntry({ count, xor, sum }: ListDigest, key: Key, revision: number): ListDigest {
  const hash = entry(key, revision);
  return { count: count + 1, xor: (xor ^ hash) >>> 0, sum: (sum + hash) >>> 0 };
}

export function withoutEntry({ count, xor, sum }: ListDigest, key: Key, revision: number): ListDigest {
  const hash = entry(key, revision);
  return { count: count - 1, xor: (xor ^ hash) >>> 0, sum: (sum - hash) >>> 0 };
}

export const sameDigest = (a: ListDigest, b: ListDigest): boolean =>
  a.count === b.count && a.xor === b.xor && a.sum === b.sum;
