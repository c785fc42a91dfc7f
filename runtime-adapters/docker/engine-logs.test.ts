import { Readable } from 'node:stream';
import { expect, it } from 'vitest';
import type { Engine } from './engine.ts';
import { readLogs } from './engine-logs.ts';

const T = (n: number): string => `2026-11-24T10:00:00.${String(n).padStart(9, '0')}Z`;

/** An engine that only has this log, of a container with a terminal. */
const engineWith = (text: string): Engine =>
  ({
    modem: {
      dial: (_options: object, done: (error: null, stream: Readable) => void) =>
        done(null, Readable.from([Buffer.from(text)])),
    },
  }) as unknown as Engine;
const source = (text: string) => ({ engine: engineWith(text), id: 'c', tty: true });

it('a reader who goes on after a line gets past a long one', async () => {
  const long = 'x'.repeat(50);
  // Asked for what is later than a moment the engine begins with the line of that moment.
  const text = `${T(1)} seen\n${T(2)} ${long}\n${T(3)} next\n`;
  const first = await readLogs(source(text), { sinceTime: T(1), limitBytes: 10 });
  expect(first).toEqual({ lines: [{ stream: 'stdout', time: T(2), text: long }], truncated: true });
  const rest = await readLogs(source(text), { sinceTime: T(2), limitBytes: 10 });
  expect(rest).toEqual({ lines: [{ stream: 'stdout', time: T(3), text: 'next' }] });
});

it('an answer fits into a message however short its lines are, and a reader gets them all', async () => {
  const all = 25_000;
  const text = Array.from({ length: all }, (_, at) => `${T(at + 1)} \n`).join('');
  let read = 0;
  let sinceTime: string | undefined;
  for (let more = true; more; ) {
    const page = await readLogs(source(text), sinceTime === undefined ? {} : { sinceTime });
    expect(JSON.stringify(page).length).toBeLessThan(1024 * 1024);
    read += page.lines.length;
    sinceTime = page.lines.at(-1)?.time;
    more = page.truncated === true;
  }
  expect(read).toBe(all);
});
