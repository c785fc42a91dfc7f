import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { KEEP } from '../../../actors/store/plan-retention.ts';
import { writeCluster } from '../home/cluster.ts';
import { homePaths } from '../home/home.ts';
import { retentionEnv, retentionFromEnv } from './retention-settings.ts';

it('what is kept is told to a master through its environment', () => {
  const keep = { maxAgeMs: 3_600_000, maxBytes: 2 ** 30 };
  expect(retentionFromEnv(retentionEnv(keep))).toEqual(keep);
  expect(retentionFromEnv({})).toEqual(KEEP);
  expect(() => retentionFromEnv({ TROUPE_KEEP_BYTES: '4Gi' })).toThrow(
    /TROUPE_KEEP_BYTES is "4Gi"; it must be a whole number/,
  );
});

it('what was said at one start holds at the next', () => {
  const home = mkdtempSync(join(tmpdir(), 'troupe-keep-'));
  try {
    const paths = homePaths(home);
    expect(writeCluster(paths, { port: 1 }).keep).toEqual(KEEP);
    expect(writeCluster(paths, { port: 1, keep: { maxBytes: 2 ** 30 } }).keep).toEqual({ ...KEEP, maxBytes: 2 ** 30 });
    expect(writeCluster(paths, { port: 1, keep: { maxAgeMs: 1e9 } }).keep).toEqual({
      maxAgeMs: 1e9,
      maxBytes: 2 ** 30,
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
});
