import { existsSync, rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { testWorld } from '../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../actors/scheduler/scheduler.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { main } from '../../ops/cli/main.ts';
import { painter } from '../../ops/cli/style.ts';
import type { Terminal } from '../../ops/cli/terminal.ts';
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
    const said: string[] = [];
    const out = (text: string): void => void said.push(text);
    const terminal: Terminal = {
      out,
      tell: out,
      paint: painter(false),
      interactive: false,
      now: () => 0,
      signal: new AbortController().signal,
    };
    expect(await main(argv, terminal)).toBe(0);
    expect(said.join('')).toMatch(/scheduler\/test .* 2 +same/);
  } finally {
    rmSync(path);
  }
});
