import { expect, it } from 'vitest';
import { restartBackoff } from './crash-loop-backoff.ts';

const SECOND = 1_000;
const HOUR = 3_600 * SECOND;
const AT = Date.parse('2026-01-01T00:00:00Z');
const restart = { attempt: 1, at: AT, delayMs: 10 * SECOND };

it.each([
  { why: 'the first restart comes at once', book: {}, end: 0, now: 0, gate: { attempt: 1, delayMs: 10 } },
  { why: 'it is granted once', book: { restart }, attempt: 1, end: 0, now: 5, gate: { attempt: 1, delayMs: 10 } },
  { why: 'the next one waits, from the end on', book: { restart }, end: 2, now: 5, gate: { until: 12, delayMs: 10 } },
  { why: 'and comes when that is over', book: { restart }, end: 2, now: 12, gate: { attempt: 2, delayMs: 20 } },
  { why: 'ten minutes are forgiven', book: { restart }, end: 601, now: 602, gate: { attempt: 2, delayMs: 10 } },
  {
    why: "where the engine's clock was set back by an hour it waits as long",
    book: { restart },
    end: 2 - HOUR / SECOND,
    now: 5,
    gate: { until: 10, delayMs: 10 },
  },
])('$why', ({ book, attempt, end, now, gate }) => {
  const next = attempt ?? ('restart' in book ? 2 : 1);
  const found = restartBackoff(book, next, AT + end * SECOND, AT + now * SECOND);
  const seconds =
    'granted' in found ? { ...found.granted, at: undefined } : { ...found, until: (found.until - AT) / SECOND };
  expect({ ...seconds, delayMs: seconds.delayMs / SECOND }).toEqual(gate);
});
