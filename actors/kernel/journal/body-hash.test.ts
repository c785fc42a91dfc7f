import { expect, it } from 'vitest';
import { bodyDigest, bodyHash, digestIn } from './body-hash.ts';

/* From the specification of xxHash: XXH64 with seed 0. */
it.each([
  { text: '', digest: 0xef46db3751d8e999n },
  { text: 'a', digest: 0xd24ec4f1a98c6e5bn },
  { text: 'abc', digest: 0x44bc2cf5ad770999n },
])('is XXH64: "$text"', ({ text, digest }) => {
  expect(bodyDigest(Buffer.from(text))).toBe(digest);
});

it('becomes a text and is read back from it', () => {
  for (const digest of [0n, 1n, 0xef46db3751d8e999n, 2n ** 64n - 1n]) expect(digestIn(bodyHash(digest))).toBe(digest);
});

it('is of the bytes that it is given, wherever they lie', () => {
  const large = Buffer.from('before abc after');
  expect(bodyDigest(large.subarray(7, 10))).toBe(bodyDigest(Buffer.from('abc')));
});
