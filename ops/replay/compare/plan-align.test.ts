import { expect, it } from 'vitest';
import { alignSaid } from './plan-align.ts';

const said = (words: string) => words.split('').map((hash) => ({ hash }));
const brief = (was: string, is: string): string =>
  alignSaid(said(was), said(is))
    .map((pair) => `${pair.was?.hash ?? '-'}${pair.same ? '=' : '|'}${pair.is?.hash ?? '-'}`)
    .join(' ');

it.each([
  { why: 'the same', was: 'ab', is: 'ab', pairs: 'a=a b=b' },
  { why: 'one more in between', was: 'abd', is: 'abcd', pairs: 'a=a b=b -|c d=d' },
  { why: 'one less at the end', was: 'aaa', is: 'aa', pairs: 'a=a a=a a|-' },
  { why: 'another in its place', was: 'abc', is: 'axc', pairs: 'a=a b|x c=c' },
  { why: 'one more and another', was: 'abc', is: 'azbx', pairs: 'a=a -|z b=b c|x' },
  { why: 'nothing of one', was: '', is: 'ab', pairs: '-|a -|b' },
])('$why', ({ was, is, pairs }) => {
  expect(brief(was, is)).toBe(pairs);
});

it('too much to look through is set side by side, one by one', () => {
  const was = `a${'b'.repeat(2_100)}c`;
  const is = `x${'b'.repeat(2_100)}y`;
  const pairs = alignSaid(said(was), said(is));
  expect(pairs).toHaveLength(2_102);
  expect(pairs.filter(({ same }) => !same)).toHaveLength(2);
});

it('a subject of which one run says next to nothing may have any length in the other', () => {
  const long = Array.from({ length: 300_000 }, (_, at) => ({ hash: `${at}` }));
  const pairs = alignSaid([{ hash: 'a' }, ...long], [{ hash: 'b' }, { hash: '7' }, { hash: 'c' }]);
  expect(pairs).toHaveLength(300_001);
  expect(pairs.filter(({ same }) => same)).toHaveLength(1);
});
