import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { runCommand } from './run-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'troupe-run-'));
const logFile = join(folder, 'setup.log');
afterAll(() => rmSync(folder, { recursive: true }));
const run = (script: string, options: { readonly timeoutMs?: number; readonly logFile?: string } = {}) =>
  runCommand('sh', ['-c', script], { logFile, timeoutMs: 10_000, ...options });

it('gives what was written, and keeps it', async () => {
  expect(await run('echo out; echo err >&2')).toBe('out\nerr\n');
  expect(readFileSync(logFile, 'utf8')).toBe('out\nerr\n');
});

it('a full disk does not stop it', async () => {
  expect(await run('echo out', { logFile: '/dev/full' })).toBe('out\n');
});

it.each([
  {
    why: "apt's own mark",
    script: 'echo "E: no such package"; echo bye; exit 100',
    says: /: E: no such package \(full/,
  },
  { why: 'the last line', script: 'echo one; echo two; exit 1', says: /: two \(full output in .*setup\.log\)/ },
  { why: 'nothing', script: 'exit 1', says: /it failed without output/ },
  { why: 'whoever ended it', script: 'kill -INT $$', says: /was killed by SIGINT$/ },
])('what went wrong is told: $why', async ({ script, says }) => {
  await expect(run(script)).rejects.toThrow(says);
});

it('what takes too long is ended', async () => {
  await expect(run('exec sleep 60', { timeoutMs: 50 })).rejects.toThrow(/not done after 50 ms/);
});

it('a command that is not there is named', async () => {
  await expect(runCommand('no-such-command', [], { logFile, timeoutMs: 1_000 })).rejects.toThrow(/no-such-command/);
});
