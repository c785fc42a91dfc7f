import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { helperThreads } from './helper-threads.ts';

it.each([
  { cores: 1, env: {}, args: ['--v8-pool-size=1'] },
  { cores: 2, env: {}, args: ['--v8-pool-size=1'] },
  { cores: 4, env: { NODE_OPTIONS: '--enable-source-maps' }, args: ['--v8-pool-size=3'] },
  { cores: 64, env: {}, args: ['--v8-pool-size=4'] },
  { cores: 2, env: { NODE_OPTIONS: '--v8-pool-size=2' }, args: [] },
])('$cores cores, $env: $args', ({ cores, env, args }) => {
  expect(helperThreads(env, cores)).toEqual(args);
});

it('Node takes the argument', () => {
  expect(String(execFileSync(process.execPath, [...helperThreads({}), '-p', '1 + 1']))).toBe('2\n');
});
