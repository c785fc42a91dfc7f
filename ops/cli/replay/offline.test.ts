import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { NO_SOCKETS } from '../../../test/support/no-sockets.ts';
import { recordScheduling } from '../../bench/make-recording.ts';
import { launcher } from '../../boot/home/project-root.ts';
import { writeRecordingFile } from '../../replay/read/recording-file.ts';

/* Whatever is done with a recording file is done in a process that may open no socket and start no program. */
const CLUSTER = { TROUPE_URL: 'nats://127.0.0.1:4222', TROUPE_USER: 'operator' };
let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-offline-'));
  mkdirSync(join(folder, 'recordings'));
  const { incarnation, turns, history } = recordScheduling({ nodes: 3, pods: 20, batch: 2, checkpointTurns: 30 });
  const content = { prefix: 'troupe', recordings: [{ incarnation, turns }], history: history as MemoryHistory };
  writeRecordingFile(join(folder, 'recordings', 'scheduler.troupe'), content);
  writeFileSync(join(folder, 'no-sockets.mjs'), NO_SOCKETS);
  writeFileSync(
    join(folder, 'patch.yaml'),
    'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nspec: { unschedulable: true }\n',
  );
});
afterAll(() => rmSync(folder, { recursive: true }));

/** It knows where a cluster is, so that the guard alone keeps it from asking one. */
function troupe(args: readonly string[], stdin = ''): Promise<{ code: number; out: string; err: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      ['--import', join(folder, 'no-sockets.mjs'), launcher, ...args],
      { cwd: folder, env: { ...process.env, ...CLUSTER, TROUPE_HOME: join(folder, 'home') } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(stdin);
  });
}

it('the guard of this test ends who asks a cluster', async () => {
  expect(await troupe(['get', 'pods'])).toEqual({ code: 99, out: '', err: 'REFUSED: connect\n' });
});

it.each([
  { args: ['replay', 'recordings/scheduler.troupe'], shows: /scheduler\/test .* same\n/ },
  { args: ['replay', 'recordings/scheduler.troupe', '--turn', '5'], shows: /because/ },
  { args: ['replay', 'recordings/scheduler.troupe', '--what-if', 'patch.yaml'], shows: /of 20 placements change/ },
  { args: ['replay', 'check', 'recordings'], shows: /decisions of \d+ turns stay the same/ },
  { args: ['replay', 'diff', 'recordings/scheduler.troupe', 'recordings/scheduler.troupe'], shows: /stay the same/ },
])('$args', async ({ args, shows }) => {
  const { code, out, err } = await troupe(args);
  expect(err).toBe('');
  expect(out).toMatch(shows);
  expect(code).toBe(0);
});

it('a check ends with its own exit code, though whoever read its output has left', async () => {
  writeFileSync(join(folder, 'text.troupe'), 'hello');
  const child = spawn(process.execPath, [launcher, 'replay', 'check', 'text.troupe'], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  child.stdout.destroy();
  expect(await once(child, 'exit')).toEqual([3, null]);
});

it('a conversation through a pipe reads as one at a terminal', async () => {
  const script = [
    'step 2',
    'break --kind pods',
    'run',
    'back',
    'step',
    'cells',
    'view nodes',
    'why',
    'nonsense',
    'run',
    'quit',
  ];
  const { code, out, err } = await troupe(['replay', 'recordings/scheduler.troupe', '-i'], script.join('\n'));
  expect(err).toBe('');
  expect(code).toBe(0);
  expect(out).toMatch(/^scheduler\/test: \d+ turns, .*; "help" lists the commands\nscheduler\/test 0\/\d+> step 2\n/);
  expect(out).toMatch(/> run\nbreakpoint 1: --kind pods\nturn 3 /);
  expect(out).toMatch(/> back\nturn 2 .*[^]*> step\nturn 3 /);
  expect(out).toMatch(/> view nodes\nNAME +STATUS.*\nnode-0 /);
  expect(out).toMatch(/> nonsense\nreplay: there is no command "nonsense"; "help" lists them\n/);
  expect(out).toMatch(/> quit\n$/);
});
