import { execFileSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { v8Arguments } from './memory-settings.ts';

const YOUNG = '--max-semi-space-size=32';

it.each([
  { cores: 1, env: {}, args: ['--v8-pool-size=1', YOUNG] },
  { cores: 2, env: {}, args: ['--v8-pool-size=1', YOUNG] },
  { cores: 4, env: { NODE_OPTIONS: '--enable-source-maps' }, args: ['--v8-pool-size=3', YOUNG] },
  { cores: 64, env: {}, args: ['--v8-pool-size=4', YOUNG] },
  { cores: 2, env: { NODE_OPTIONS: '--v8-pool-size=2' }, args: [YOUNG] },
  { cores: 2, env: { NODE_OPTIONS: '--max_semi_space_size=8' }, args: ['--v8-pool-size=1'] },
  { cores: 2, env: { NODE_OPTIONS: '--max-semi-space-size=8 --v8-pool-size=2' }, args: [] },
])('$cores cores, $env: $args', ({ cores, env, args }) => {
  expect(v8Arguments(env, 'master', cores)).toEqual(args);
});

it('a worker has a small young heap', () => {
  expect(v8Arguments({}, 'worker', 1)).toContain('--max-semi-space-size=2');
});

it('Node takes the arguments', () => {
  expect(String(execFileSync(process.execPath, [...v8Arguments({}), '-p', '1 + 1']))).toBe('2\n');
});
