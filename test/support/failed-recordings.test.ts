import { existsSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { run } from './command-line.ts';
import { forgetWorlds, keepRecordings } from './failed-recordings.ts';

it('a test that fails leaves a recording, and the command that it prints opens it', async () => {
  forgetWorlds();
  const world = testWorld(scheduler).start();
  world.put('pods', {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'web', namespace: 'default' },
    spec: { containers: [{ name: 'main', image: 'any' }] },
  } as Pod);
  world.settle();
  const [where = '', how = ''] = await keepRecordings(`what it says: ${process.pid} fails`);
  const path = where.replace('its recordings: ', '');
  expect(path).toMatch(/troupe-failed-tests.what-it-says-\d+-fails-1\.troupe$/);
  expect(existsSync(path)).toBe(true);
  try {
    const [, , ...argv] = how.trim().split(' ');
    const { code, out } = await run(...argv);
    expect(code).toBe(0);
    expect(out).toMatch(/scheduler\/test .* 2 +same/);
  } finally {
    rmSync(path);
  }
});
