import { afterEach, aroundEach, beforeEach } from 'vitest';
import { testWorlds } from '../../actors/kernel/testing/test-worlds.ts';
import { withEnd } from './end-of-test.ts';
import { forgetWorlds, keepRecordings, noteWorld } from './failed-recordings.ts';

/* Runs with every file of tests: a test that fails says where its recordings are, and how they are opened. */

testWorlds.made = noteWorld;
aroundEach(withEnd);
beforeEach(forgetWorlds);
afterEach(async ({ task }) => {
  if (task.result?.state !== 'fail') return;
  for (const line of await keepRecordings(task.name)) process.stderr.write(`${line}\n`);
});
