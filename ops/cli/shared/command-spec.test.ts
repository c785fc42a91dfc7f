import { expect, it } from 'vitest';
import { programName } from './command-spec.ts';

it.each([
  { why: 'npx troupe', env: { npm_command: 'exec' }, as: 'npx troupe' },
  { why: 'by itself', env: {}, as: 'troupe' },
  { why: "in a script of somebody's package", env: { npm_command: 'run-script' }, as: 'troupe' },
])('what is to be typed next begins as this was typed: $why', ({ env, as }) => {
  expect(programName(env)).toBe(as);
});
