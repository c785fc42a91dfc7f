import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { appendLog } from './append-log.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

const TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z /gm;
const written = (file: string): string => readFileSync(file, 'utf8').replace(TIME, '');

it('keeps the newest lines and one file of those before', () => {
  const file = join(folder, 'child.log');
  for (let at = 1; at <= 9; at++) appendLog(file, `line ${at}`, 70);
  expect(readdirSync(folder).sort()).toEqual(['child.log', 'child.log.1']);
  expect(written(`${file}.1`)).toBe('line 4\nline 5\nline 6\n');
  expect(written(file)).toBe('line 7\nline 8\nline 9\n');
});

it('says when each line was written, where it does not say so itself', () => {
  const file = join(folder, 'dated.log');
  const own = '[5769] 2026/11/28 17:24:25.672389 [INF] Server is ready';
  for (const line of ['master a is ready', own, '']) appendLog(file, line);
  const text = readFileSync(file, 'utf8');
  expect(text.match(TIME)?.length).toBe(2);
  expect(written(file)).toBe(`master a is ready\n${own}\n\n`);
});

it('loses what a full disk refuses, without a word', () => {
  appendLog('/dev/full', 'a line');
  appendLog(join(folder, 'nowhere', 'child.log'), 'a line');
});
