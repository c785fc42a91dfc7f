import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { homePaths } from '../boot/home.ts';
import { takeReading } from './reading-lock.ts';

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'troupe-reading-'));
});
afterEach(() => rmSync(home, { recursive: true }));
const file = (): string => join(home, 'run', 'reading.json');

it('one at a time: the second waits until the first gives it back', async () => {
  const paths = homePaths(home);
  const giveBack = await takeReading(paths, 0);
  await expect(takeReading(paths, 0)).rejects.toThrow(
    new RegExp(`being read by another process \\(pid ${process.pid}\\); wait for it, or remove .*reading\\.json`),
  );
  const second = takeReading(paths, 10_000);
  giveBack();
  (await second)();
  expect(existsSync(file())).toBe(false);
});

it('who was killed holds nothing', async () => {
  const paths = homePaths(home);
  (await takeReading(paths, 0))();
  writeFileSync(file(), JSON.stringify({ pid: 2 ** 30, started: 'never' }));
  (await takeReading(paths, 0))();
  expect(existsSync(file())).toBe(false);
});
