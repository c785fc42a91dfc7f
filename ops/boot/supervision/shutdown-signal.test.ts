import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { projectRoot } from '../home/project-root.ts';

/* Goal: a process whose terminal is closed ends as it wants to. Method: `script` gives it one, and is killed. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-end-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const PROGRAM = `
  import { writeFileSync } from 'node:fs';
  import { exitCodeOf, onShutdown } from './dist/ops/boot/supervision/shutdown-signal.js';
  const [, ready] = process.argv;
  onShutdown((why) => process.exit(exitCodeOf(why)), () => undefined);
  setInterval(() => undefined, 1_000);
  writeFileSync(ready, '');`;

it('its exit code is its own when its terminal is closed', async () => {
  const [ready, code] = [join(folder, 'ready'), join(folder, 'code')];
  // Who leads a terminal is told that it is closed; this shell hands it on, and lives to see how the program ends.
  const shell = `
    "$NODE" --input-type=module -e "$PROGRAM" '${ready}' & trap 'kill -HUP $!' HUP
    wait $!; wait $!; echo $? > '${code}'`;
  const terminal = spawn('/usr/bin/script', ['--quiet', '--command', shell, '/dev/null'], {
    cwd: projectRoot,
    env: { ...process.env, SHELL: '/bin/sh', NODE: process.execPath, PROGRAM },
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  await waitUntil('the program runs', 10_000, () => existsSync(ready));
  terminal.kill('SIGKILL');
  const told = await waitUntil('it has ended', 10_000, () => {
    const text = existsSync(code) ? readFileSync(code, 'utf8') : '';
    return text.endsWith('\n') && text.trim();
  });
  expect(told).toBe('129');
});
