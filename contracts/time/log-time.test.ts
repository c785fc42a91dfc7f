import { expect, it } from 'vitest';
import { logTime, logTimeOf, unixNanos } from './log-time.ts';

it.each([
  { text: '2026-11-24T10:00:00Z', is: '2026-11-24T10:00:00.000000000Z' },
  { text: '2026-11-24T10:00:00.5Z', is: '2026-11-24T10:00:00.500000000Z' },
  { text: '2026-11-24T10:00:00.123456789Z', is: '2026-11-24T10:00:00.123456789Z' },
  { text: '2026-11-24T11:00:00.25+01:00', is: '2026-11-24T10:00:00.250000000Z' },
  { text: '2026-11-24 10:00:00', is: undefined },
  { text: '2026-13-24T10:00:00Z', is: undefined },
])('reads $text', ({ text, is }) => {
  expect(logTime(text)).toBe(is);
});

it('goes to and fro', () => {
  expect(logTimeOf(1_500)).toBe('1970-01-01T00:00:01.500000000Z');
  expect(unixNanos('1970-01-01T00:00:01.500000001Z')).toBe('1.500000001');
});
