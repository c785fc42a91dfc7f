import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { isAlive, type ProcessId, signal } from './processes.ts';
import { type Supervised, supervise } from './supervise.ts';

let folder: string;
let running: Supervised | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-supervise-'));
});
afterEach(async () => {
  await running?.stop();
  rmSync(folder, { recursive: true, force: true });
});

function run(script: string, logFile = join(folder, 'child.log')) {
  const lines: string[] = [];
  const starts: ProcessId[] = [];
  const ends: string[] = [];
  running = supervise(
    { name: 'child', command: process.execPath, args: ['-e', script], env: process.env, logFile, graceMs: 5_000 },
    {
      line: (_, text) => lines.push(text),
      started: (_, id) => starts.push(id),
      ended: (_, why, failures, delayMs) => ends.push(`${why} (${failures}, ${delayMs} ms)`),
    },
  );
  return { lines, starts, ends, logFile, child: running };
}

it('starts a child again, waiting longer each time', async () => {
  const { ends, starts } = run('process.exit(7)');
  await waitUntil('the third start', 10_000, () => starts.length === 3);
  expect(ends.slice(0, 2)).toEqual(['ended with code 7 (1, 100 ms)', 'ended with code 7 (2, 200 ms)']);
});

it('starts a killed child again, under another number', async () => {
  const { child, starts, lines, logFile } = run('console.log("here"); setInterval(() => {}, 1000)');
  await waitUntil('it speaks', 10_000, () => lines.length === 1);
  if (child.id !== undefined) signal(child.id, 'SIGKILL');
  await waitUntil('its successor speaks', 10_000, () => lines.length === 2);
  expect(starts[1]?.pid).not.toBe(starts[0]?.pid);
  await waitUntil('both are in the log', 5_000, () => /^\S+Z here\n\S+Z here\n$/.test(readFileSync(logFile, 'utf8')));
});

it('starts a child again at once that was told to, and counts that as no failure', async () => {
  const { child, starts, ends, lines } = run('console.log("here"); setInterval(() => {}, 1000)');
  await waitUntil('it speaks', 10_000, () => lines.length === 1);
  await child.restart();
  await waitUntil('its successor speaks', 10_000, () => lines.length === 2);
  expect(starts).toHaveLength(2);
  expect(ends).toEqual([]);
});

it('leaves nothing running when stopped, and starts nothing again', async () => {
  const { child, starts, lines } = run('console.log("here"); setInterval(() => {}, 1000)');
  await waitUntil('it speaks', 10_000, () => lines.length === 1);
  await child.stop();
  expect(starts.some(isAlive)).toBe(false);
  expect(child.id).toBeUndefined();
});

it('hears the last words of a child that is stopped', async () => {
  const { child, lines } = run(
    'process.on("SIGTERM", () => { console.log("x".repeat(100_000)); process.exit(); }); setInterval(() => {}, 1000); console.log("here");',
  );
  await waitUntil('it speaks', 10_000, () => lines.length === 1);
  await child.stop();
  expect(lines.at(-1)).toMatch(/^x+$/);
});

it('says when a program is not there', async () => {
  const ends: string[] = [];
  running = supervise(
    { name: 'ghost', command: '/nowhere/ghost', args: [], env: {}, logFile: join(folder, 'ghost.log'), graceMs: 100 },
    { ended: (_, why) => ends.push(why) },
  );
  await waitUntil('it is told', 5_000, () => ends.length > 0);
  expect(ends[0]).toContain('could not start');
});

it('goes on when the disk is full', async () => {
  const { child, starts, lines } = run('console.log("here"); setInterval(() => {}, 1000)', '/dev/full');
  await waitUntil('it speaks', 10_000, () => lines.length === 1);
  if (child.id !== undefined) signal(child.id, 'SIGKILL');
  await waitUntil('its successor speaks', 10_000, () => lines.length === 2);
  expect(starts).toHaveLength(2);
});
