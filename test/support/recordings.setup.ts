import { afterEach, aroundEach, beforeEach } from 'vitest';
import { testWorldHook } from '../../actors/kernel/testing/test-world-hook.ts';
import { withEnd } from './end-of-test.ts';
import { forgetWorlds, keepRecordings, noteWorld } from './failed-recordings.ts';

/* Runs with every file of tests: a test that fails says where its recordings are, and how they are opened. */

testWorldHook.made = noteWorld;
aroundEach(withEnd);
beforeEach(forgetWorlds);
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const line of await keepRecordings(task.name)) process.stderr.write(`${line}\n`);
});
