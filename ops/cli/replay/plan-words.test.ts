import { expect, it } from 'vitest';
import { wordsOf } from './plan-words.ts';

it.each([
  ['step 3', ['step', '3']],
  ['  break   --kind pods ', ['break', '--kind', 'pods']],
  ['break --when "said.length > 1"', ['break', '--when', 'said.length > 1']],
  [`break --when 'body.kind === "Pod"'`, ['break', '--when', 'body.kind === "Pod"']],
  ['break --when "body.kind === \\"Pod\\""', ['break', '--when', 'body.kind === "Pod"']],
  ['watch ""', ['watch', '']],
  ['', []],
  ['break "half', undefined],
])('%s', (line, words) => {
  expect(wordsOf(line)).toEqual(words);
});
