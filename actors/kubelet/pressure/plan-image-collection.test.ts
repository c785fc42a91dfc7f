import { expect, it } from 'vitest';
import { bytesToFree, type KnownImages, noteImages, planImageCollection } from './plan-image-collection.ts';

const MINUTE = 60_000;
const OPTIONS = { highPercent: 85, lowPercent: 80 };

it.each([
  { why: 'below the high threshold', available: 16, all: false, free: 0 },
  { why: 'at it, down to the low one', available: 15, all: false, free: 5 },
  { why: 'pods would be evicted', available: 50, all: true, free: Number.MAX_SAFE_INTEGER },
])('$why', ({ available, all, free }) => {
  expect(bytesToFree({ availableBytes: available, capacityBytes: 100 }, OPTIONS, all)).toBe(free);
});

it('is never wanted where it is switched off', () => {
  const full = { availableBytes: 0, capacityBytes: 100 };
  expect(bytesToFree(full, { highPercent: 100, lowPercent: 80 }, false)).toBe(0);
  expect(bytesToFree(full, undefined, true)).toBe(0);
});

it('remembers since when an image is unused', () => {
  let known: KnownImages = {};
  known = noteImages(known, new Set(['a', 'b']), 1);
  known = noteImages(known, new Set(['a']), 2);
  known = noteImages(known, new Set(['a']), 3);
  expect(known).toEqual({ a: { firstSeen: 1 }, b: { firstSeen: 1, unusedSince: 2 } });
  expect(noteImages(known, new Set(['b']), 4)).toEqual({ a: { firstSeen: 1, unusedSince: 4 }, b: { firstSeen: 1 } });
});

it.each([
  { why: 'the longest unused first, and no more than needed', free: 15, removed: ['old', 'mid'] },
  { why: 'all that may go', free: 1000, removed: ['old', 'mid', 'late'] },
  { why: 'nothing', free: 0, removed: [] },
])('removes $why', ({ free, removed }) => {
  const known: KnownImages = {
    used: { firstSeen: 0 },
    late: { firstSeen: 0, unusedSince: 3 },
    old: { firstSeen: 0, unusedSince: 1 },
    mid: { firstSeen: 0, unusedSince: 2 },
    young: { firstSeen: 9 * MINUTE, unusedSince: 1 },
  };
  const stored = ['used', 'late', 'old', 'mid', 'young', 'foreign'].map((imageId) => ({ imageId, sizeBytes: 10 }));
  const found = planImageCollection(free, stored, known, { now: 10 * MINUTE });
  expect(found.map(({ imageId }) => imageId)).toEqual(removed);
});
