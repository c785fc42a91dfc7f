import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { pairSaid } from './plan-pairs.ts';

/** `bind:web=1`: say, subject, hash. */
const said = (...words: string[]) =>
  words.map((word) => {
    const [say = '', subject = '', hash = ''] = word.split(/[:=]/);
    return { say, subject, hash, word };
  });
const brief = (was: string[], is: string[]): string[] =>
  pairSaid(said(...was), said(...is)).map(
    (pair) => `${pair.was?.word ?? '-'} ${pair.same ? '=' : '|'} ${pair.is?.word ?? '-'}`,
  );

it.each([
  { why: 'the same', was: ['a:x=1', 'b:y=1'], is: ['a:x=1', 'b:y=1'], pairs: ['a:x=1 = a:x=1', 'b:y=1 = b:y=1'] },
  { why: 'another body', was: ['a:x=1'], is: ['a:x=2'], pairs: ['a:x=1 | a:x=2'] },
  { why: 'another subject', was: ['a:x=1'], is: ['a:y=1'], pairs: ['a:x=1 = a:y=1'] },
  {
    why: 'one more in between',
    was: ['a:x=1', 'a:z=3'],
    is: ['a:x=1', 'a:y=2', 'a:z=3'],
    pairs: ['a:x=1 = a:x=1', '- | a:y=2', 'a:z=3 = a:z=3'],
  },
  { why: 'one less', was: ['a:x=1', 'b:y=2'], is: ['b:y=3'], pairs: ['a:x=1 | -', 'b:y=2 | b:y=3'] },
  { why: 'nothing now', was: ['a:x=1'], is: [], pairs: ['a:x=1 | -'] },
  { why: 'nothing in common', was: ['a:x=1'], is: ['b:y=2'], pairs: ['a:x=1 | -', '- | b:y=2'] },
])('$why', ({ was, is, pairs }) => {
  expect(brief(was, is)).toEqual(pairs);
});

it('leaves nothing out and keeps the order of each side', () => {
  const word = fc.constantFrom('a:x=1', 'a:x=2', 'a:y=3', 'b:y=4', 'b:z=5');
  const words = fc.array(word, { maxLength: 8 });
  fc.assert(
    fc.property(words, words, (was, is) => {
      const pairs = pairSaid(said(...was), said(...is));
      expect(pairs.flatMap((pair) => pair.was?.word ?? [])).toEqual(was);
      expect(pairs.flatMap((pair) => pair.is?.word ?? [])).toEqual(is);
    }),
  );
});
