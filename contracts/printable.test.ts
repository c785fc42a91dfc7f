import { expect, it } from 'vitest';
import { printable, quotable } from './printable.ts';

it.each([
  {
    why: 'plain text stays',
    text: 'store on m1: its disk is full – 満杯 🙂',
    max: 1_000,
    is: 'store on m1: its disk is full – 満杯 🙂',
  },
  {
    why: 'nothing moves a cursor or ends a line',
    text: 'a\u001b[2J\r\nb\u2028c\u202ed\u0085e',
    max: 100,
    is: 'a [2J b c d e',
  },
  { why: 'what is long is cut', text: 'abcdef', max: 4, is: 'abc…' },
  { why: 'what just fits is not', text: 'abcd', max: 4, is: 'abcd' },
  { why: 'no half of a character is left', text: 'ab🙂cd', max: 4, is: 'ab …' },
])('$why', ({ text, max, is }) => expect(printable(text, max)).toBe(is));

it('a word is quoted so far that its author knows it again', () => {
  expect(quotable('lsit')).toBe('lsit');
  expect(quotable('\u0001'.repeat(1_450_000))).toBe(' …');
  expect(quotable('x'.repeat(101))).toBe(`${'x'.repeat(99)}…`);
});
