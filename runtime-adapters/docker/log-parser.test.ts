import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LogLine } from '../../contracts/messages/logs.ts';
import { LogParser } from './log-parser.ts';

const T = (n: number): string => `2026-11-24T10:00:00.${String(n).padStart(9, '0')}Z`;
function frame(stream: 1 | 2, body: string): Buffer {
  const header = Buffer.alloc(8);
  header[0] = stream;
  header.writeUInt32BE(Buffer.byteLength(body), 4);
  return Buffer.concat([header, Buffer.from(body)]);
}
function parse(tty: boolean, chunks: readonly Buffer[]): readonly LogLine[] {
  const lines: LogLine[] = [];
  const parser = new LogParser(tty, (line) => lines.push(line));
  for (const chunk of chunks) parser.push(chunk);
  parser.end();
  return lines;
}
const out = (n: number, text: string): LogLine => ({ stream: 'stdout', time: T(n), text });
const err = (n: number, text: string): LogLine => ({ stream: 'stderr', time: T(n), text });

describe('frames', () => {
  it.each<{ why: string; frames: readonly Buffer[]; lines: readonly LogLine[] }>([
    { why: 'nothing', frames: [], lines: [] },
    {
      why: 'both streams',
      frames: [frame(1, `${T(1)} a\n`), frame(2, `${T(2)} b\n`)],
      lines: [out(1, 'a'), err(2, 'b')],
    },
    { why: 'an empty line', frames: [frame(1, `${T(1)} \n`)], lines: [out(1, '')] },
    { why: 'spaces are kept', frames: [frame(1, `${T(1)}   a b \n`)], lines: [out(1, '  a b ')] },
    {
      why: 'a long line in pieces keeps its first moment, across the other stream',
      frames: [frame(1, `${T(1)} begin `), frame(2, `${T(2)} other\n`), frame(1, `${T(3)} end\n`)],
      lines: [err(2, 'other'), out(1, 'begin end')],
    },
    { why: 'the last line without its end', frames: [frame(1, `${T(1)} half`)], lines: [out(1, 'half')] },
  ])('$why', ({ frames, lines }) => {
    expect(parse(false, frames)).toEqual(lines);
  });
});

it('plain lines of a terminal', () => {
  expect(parse(true, [Buffer.from(`${T(1)} a\n${T(2)} b`)])).toEqual([out(1, 'a'), out(2, 'b')]);
});

it('gives the same lines however the bytes are cut', () => {
  const line = fc.record({
    stream: fc.constantFrom<1 | 2>(1, 2),
    text: fc.string({ unit: 'grapheme', maxLength: 30 }),
  });
  fc.assert(
    fc.property(fc.array(line, { maxLength: 10 }), fc.array(fc.nat(200), { maxLength: 10 }), (lines, cuts) => {
      const clean = lines.map(({ stream, text }) => ({ stream, text: text.replaceAll('\n', '') }));
      const all = Buffer.concat(clean.map(({ stream, text }, n) => frame(stream, `${T(n)} ${text}\n`)));
      const at = [...new Set([0, ...cuts.filter((cut) => cut < all.length), all.length])].toSorted((a, b) => a - b);
      const chunks = at.slice(1).map((end, n) => all.subarray(at[n] ?? 0, end));
      const expected = clean.map(({ stream, text }, n) => (stream === 1 ? out(n, text) : err(n, text)));
      expect(parse(false, chunks)).toEqual(expected);
    }),
  );
});
