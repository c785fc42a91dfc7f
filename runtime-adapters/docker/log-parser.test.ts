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
function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
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

it.each([[1000], [16_384], [16_400], [100_000]])(
  'a long line of a terminal, heard in chunks of %i bytes, is one',
  (size) => {
    const piece = 'x'.repeat(16 * 1024);
    const sent = Buffer.from(`${T(1)} ${piece}${T(2)} ${piece}${T(3)} end\n${T(4)} ${piece}${T(5)} \n${T(6)} next\n`);
    const chunks = Array.from({ length: Math.ceil(sent.length / size) }, (_, n) =>
      sent.subarray(n * size, (n + 1) * size),
    );
    expect(parse(true, chunks)).toEqual([out(1, `${piece}${piece}end`), out(4, piece), out(6, 'next')]);
  },
);

it('a line that is too long comes in pieces, with no character cut in two', () => {
  const text = `x${'é'.repeat(600_000)}`;
  const bytes = Buffer.from(text);
  const pieces = [0, 1, 2, 3, 4].map((n) => bytes.subarray(n * 262_144, n < 4 ? (n + 1) * 262_144 : undefined));
  const entries = pieces.map((piece, n) => {
    const body = Buffer.concat([Buffer.from(`${T(n)} `), piece, Buffer.from(n < 4 ? '' : '\n')]);
    return Buffer.concat([frame(1, '').subarray(0, 4), uint32(body.length), body]);
  });
  const lines = parse(false, entries);
  expect(lines.map(({ time }) => time)).toEqual([T(0), T(3)]);
  expect(lines.map((line) => line.text).join('')).toBe(text);
});

it('a terminal that never sends a line feed does not fill the memory', () => {
  const lines: LogLine[] = [];
  const parser = new LogParser(true, (line) => lines.push(line));
  parser.push(Buffer.from(`${T(1)} begin `));
  const more = Buffer.from('50 % done, or so\r'.repeat(4096));
  for (let times = 0; times < 64; times += 1) parser.push(more);
  expect(lines.length).toBeGreaterThan(2);
  parser.end();
  expect(lines.every(({ time }) => time === T(1))).toBe(true);
  expect(lines.map(({ text }) => text).join('')).toBe(`begin ${more.toString().repeat(64)}`);
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
