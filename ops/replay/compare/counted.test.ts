import { expect, it } from 'vitest';
import { counted } from './counted.ts';

it.each([
  [0, ['turn'], '0 turns'],
  [1, ['turn'], '1 turn'],
  [2, ['turn'], '2 turns'],
  [1, ['try', 'tries'], '1 try'],
  [9, ['try', 'tries'], '9 tries'],
] as const)('%d of %j', (count, [one, many], text) => {
  expect(counted(count, one, many)).toBe(text);
});
