import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { hashOf } from './hash.ts';

const hashed = (text: string): string => createHash('sha1').update(text).digest('base64url').slice(0, 16);

it('is SHA-1 over the parts, each after its length, however long', () => {
  expect(hashOf('reply', 'a.b', Buffer.from('é'))).toBe(hashed('5:reply3:a.b2:é'));
  for (const length of [21_000, 22_000, 65_536, 70_000]) {
    expect(hashOf('é'.repeat(length), 'x')).toBe(hashed(`${length}:${'é'.repeat(length)}1:x`));
    expect(hashOf(Buffer.alloc(length, 'y'), 'x')).toBe(hashed(`${length}:${'y'.repeat(length)}1:x`));
  }
});

it('a text of ASCII and its bytes are the same part', () => {
  const ascii = fc.string({ unit: 'grapheme-ascii' });
  fc.assert(
    fc.property(ascii, ascii, (a, b) => {
      expect(hashOf(a, Buffer.from(b))).toBe(hashOf(Buffer.from(a), b));
    }),
  );
});
