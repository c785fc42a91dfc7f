import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { appendLog } from './append-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

it('keeps the newest lines and one file of those before', () => {
  const file = join(folder, 'child.log');
  for (let at = 1; at <= 9; at++) appendLog(file, `line ${at}`, 20);
  expect(readdirSync(folder).sort()).toEqual(['child.log', 'child.log.1']);
  expect(readFileSync(`${file}.1`, 'utf8')).toBe('line 4\nline 5\nline 6\n');
  expect(readFileSync(file, 'utf8')).toBe('line 7\nline 8\nline 9\n');
});

it('loses what a full disk refuses, without a word', () => {
  appendLog('/dev/full', 'a line');
  appendLog(join(folder, 'nowhere', 'child.log'), 'a line');
});
