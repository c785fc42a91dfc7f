import { expect, it } from 'vitest';
import type { Obj } from '../object.ts';
import { countedEvent } from './plan-event-count.ts';

const event = (more: object = {}): Obj => ({
  metadata: { name: 'e', uid: 'first' },
  involvedObject: { uid: 'pod' },
  reason: 'BackOff',
  message: 'back-off',
  type: 'Warning',
  count: 1,
  firstTimestamp: '2026-01-01T00:00:00Z',
  lastTimestamp: '2026-01-01T00:00:00Z',
  ...more,
});
const later = {
  metadata: { name: 'e', uid: 'second' },
  firstTimestamp: 'later',
  lastTimestamp: '2026-01-01T00:01:00Z',
};

it('counts up, and is the first event in all else', () => {
  expect(countedEvent(event({ count: 4 }), event(later))).toEqual(
    event({ count: 5, lastTimestamp: '2026-01-01T00:01:00Z' }),
  );
});

it('an event without a count was told once', () => {
  expect(countedEvent(event({ count: undefined }), event({ count: undefined }))).toMatchObject({ count: 2 });
});

it('a telling that is repeated because its answer was lost counts once', () => {
  const first = event({ eventTime: '2026-01-01T00:00:00.250000Z' });
  expect(countedEvent(first, first)).toBe(first);
  const again = event({ eventTime: '2026-01-01T00:00:00.750000Z' });
  const twice = countedEvent(first, again) as Obj;
  expect(twice).toMatchObject({ count: 2, series: { count: 2, lastObservedTime: '2026-01-01T00:00:00.750000Z' } });
  expect(countedEvent(twice, again)).toBe(twice);
});

it('a series goes on', () => {
  const stored = event({ series: { count: 1, lastObservedTime: 'before' } });
  expect(countedEvent(stored, event({ eventTime: 'now' }))).toMatchObject({
    series: { count: 2, lastObservedTime: 'now' },
  });
});

it.each([
  { why: 'object', more: { involvedObject: { uid: 'other' } } },
  { why: 'reason', more: { reason: 'Pulled' } },
  { why: 'message', more: { message: 'pulled' } },
  { why: 'type', more: { type: 'Normal' } },
])('another $why is another event', ({ more }) => expect(countedEvent(event(), event(more))).toBeUndefined());
