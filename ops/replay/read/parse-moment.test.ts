import { afterEach, expect, it, vi } from 'vitest';
import { indexAt, indexFrom, isAfter, parsePoint } from './parse-moment.ts';

const END = Date.parse('2026-11-24T21:50:35.120Z');
afterEach(() => vi.unstubAllEnvs());
const at = (text: string): number => Date.parse(text);

it.each([
  ['1204', { turn: 1204 }],
  ['21:50', { moment: at('2026-11-24T21:50:00Z') }],
  ['21:50:07.5', { moment: at('2026-11-24T21:50:07.500Z') }],
  ['2026-11-24T20:00:00Z', { moment: at('2026-11-24T20:00:00Z') }],
  ['2026-11-24T20:00:00+01:00', { moment: at('2026-11-24T19:00:00Z') }],
  ['2026-11-24', { moment: at('2026-11-24T00:00:00Z') }],
  ['2026-11-24T20:00', { moment: at('2026-11-24T20:00:00Z') }],
  ['2026-11-24 20:00:00.120', { moment: at('2026-11-24T20:00:00.120Z') }],
  ['5m', { moment: END - 300_000 }],
  ['1h30m', { moment: END - 5_400_000 }],
  ['rev:412', { revision: 412 }],
])('%s', (text, point) => {
  expect(parsePoint(text, END)).toEqual(point);
});

it.each([
  ...['', 'noon', '12:3', '25:00', '21:75', '21:50:61', '5x', '-3', 'rev:', 'rev:-1'],
  ...['2026-13-45', '2026-02-30', '2026-02-30T20:00:00Z', '2026-11-24 noon', '2026-11-24T25:00'],
])('"%s" is no point', (text) => {
  expect(() => parsePoint(text, END)).toThrow(/is not a point of a recording; give a turn/);
});

it('takes a moment without a zone by UTC, wherever it is typed', () => {
  vi.stubEnv('TZ', 'America/New_York');
  expect(new Date(END).getTimezoneOffset()).toBe(300);
  expect(parsePoint('2026-11-24 21:50:35.120', END)).toEqual({ moment: END });
  expect(parsePoint('2026-11-24T21:50:35.120', END)).toEqual({ moment: END });
});

it.each([
  ['9', '8', true],
  ['8', '8', false],
  ['1m', '2m', true],
  ['21:50', '1s', false],
  ['rev:9', 'rev:2', true],
  ['rev:9', '2', false],
])('%s is after %s: %s', (one, other, after) => {
  expect(isAfter(parsePoint(one, END), parsePoint(other, END))).toBe(after);
});

it('finds the last turn up to a point', () => {
  const turns = [1, 2, 4].map((n) => ({ n, now: n * 10, view: {}, rec: { t: 'due' as const }, said: [] }));
  expect([0, 1, 3, 4, 9].map((turn) => indexAt(turns, { turn }))).toEqual([-1, 0, 1, 2, 2]);
  expect([9, 10, 39, 40].map((moment) => indexAt(turns, { moment }))).toEqual([-1, 0, 1, 2]);
});

it('finds the turns that saw a revision, and the first from a point on', () => {
  const turns = [5, 9, 9, 12].map((objects, at) => ({
    n: at + 1,
    now: at * 10,
    view: { objects },
    rec: { t: 'due' as const },
    said: [],
  }));
  expect([4, 5, 9, 11, 99].map((revision) => indexAt(turns, { revision }))).toEqual([-1, 0, 2, 2, 3]);
  expect([1, 6, 9, 12, 13].map((revision) => indexFrom(turns, { revision }))).toEqual([0, 1, 1, 3, 4]);
  expect([0, 2, 5].map((turn) => indexFrom(turns, { turn }))).toEqual([0, 1, 4]);
  expect([10, 11].map((moment) => indexFrom(turns, { moment }))).toEqual([1, 2]);
});
