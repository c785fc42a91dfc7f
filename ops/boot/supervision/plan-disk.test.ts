import { expect, it } from 'vitest';
import { inMib, planDisk, saysDiskFull } from './plan-disk.ts';

const GIB = 2 ** 30;
const MIB = 2 ** 20;

it.each([
  {
    line: '[1] 2026/11/28 02:23:14.07 [ERR] Filestore [KV_troupe-objects] Critical write error: write /s/1.blk: no space left on device',
    full: true,
  },
  {
    line: '[1] 2026/11/28 02:23:14.07 [ERR] JetStream failed to store a msg: write /s/1.blk: disk quota exceeded',
    full: true,
  },
  { line: '[1] 2026/11/28 02:23:14.07 [ERR] Critical write error: write /s/1.blk: input/output error', full: false },
  { line: '[1] 2026/11/28 02:23:14.07 [INF]   Store Directory: "/home/no space left on device"', full: false },
])('$line', ({ line, full }) => {
  expect(saysDiskFull(line)).toBe(full);
});

it.each([
  { why: 'there is nothing', freeBytes: 0, totalBytes: GIB, restarts: 0, sinceMs: 0, does: 'wait' },
  {
    why: 'there is hardly anything',
    freeBytes: 20 * MIB,
    totalBytes: 100 * GIB,
    restarts: 0,
    sinceMs: 0,
    does: 'wait',
  },
  { why: 'there is room', freeBytes: 64 * MIB, totalBytes: 100 * GIB, restarts: 0, sinceMs: 0, does: 'restart' },
  { why: 'a small disk has room', freeBytes: 5 * MIB, totalBytes: 80 * MIB, restarts: 0, sinceMs: 0, does: 'restart' },
  { why: 'it was just done', freeBytes: GIB, totalBytes: 2 * GIB, restarts: 1, sinceMs: 9_000, does: 'wait' },
  {
    why: 'it was done a while ago',
    freeBytes: GIB,
    totalBytes: 2 * GIB,
    restarts: 1,
    sinceMs: 10_000,
    does: 'restart',
  },
  { why: 'it does not help', freeBytes: GIB, totalBytes: 2 * GIB, restarts: 5, sinceMs: 159_000, does: 'wait' },
])('a server whose disk was full, when $why: $does', ({ freeBytes, totalBytes, restarts, sinceMs, does }) => {
  expect(planDisk({ freeBytes, totalBytes }, restarts, sinceMs)).toBe(does);
});

it('sizes are told as people read them', () => {
  expect([0, 1.25 * MIB, 64 * MIB].map(inMib)).toEqual(['0.0 MiB', '1.3 MiB', '64 MiB']);
});
