import { expect, it } from 'vitest';
import { parseBooleanFlags } from './plan-boolean-flags.ts';

const FLAGS = ['-w, --watch', '--wait', '--no-wait', '--no-headers', '-o, --output <format>', '--about [name]'];

it.each([
  { why: 'what has no value stays', argv: ['pods', '-w', '--watch'], read: ['pods', '-w', '--watch'] },
  { why: 'true', argv: ['--watch=true', '-w=1', '--no-headers=T'], read: ['--watch', '-w', '--no-headers'] },
  { why: 'false is nothing said', argv: ['--watch=false', '-w=0', '--no-headers=F', 'pods'], read: ['pods'] },
  { why: 'false of what has an opposite', argv: ['--wait=false', 'pod/a'], read: ['--no-wait', 'pod/a'] },
  { why: 'an option with a value of its own', argv: ['-o=json', '--about=x=y'], read: ['-o=json', '--about=x=y'] },
  { why: 'an unknown option', argv: ['--wacht=true'], read: ['--wacht=true'] },
  { why: 'after --', argv: ['--', '--watch=false'], read: ['--', '--watch=false'] },
])('$why', ({ argv, read }) => {
  expect(parseBooleanFlags(argv, FLAGS)).toEqual({ argv: read });
});

it.each(['maybe', ''])('--wait=%s is refused', (value) => {
  expect(parseBooleanFlags([`--wait=${value}`], FLAGS)).toEqual({
    problem: `--wait is "${value}"; use true or false`,
  });
});
