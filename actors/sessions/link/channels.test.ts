import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { SessionChunk } from '../../../contracts/messages/sessions.ts';
import { CHUNK_BYTES, IncomingChannel, OutgoingChannel, WINDOW_BYTES } from './channels.ts';
import { ENDED_WELL } from './chunk-headers.ts';

const bytesOf = (size: number, seed = 0): Uint8Array => Uint8Array.from({ length: size }, (_, at) => (at + seed) % 251);
const chunk = (offset: number, size: number, end?: string): SessionChunk => ({
  offset,
  bytes: bytesOf(size),
  ...(end === undefined ? {} : { end }),
});
const drop = { write: () => undefined, end: () => undefined };
const silent = (): undefined => undefined;
/** Lets everything that can go on go on. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('whatever is written and however the reader reads, the same bytes arrive in order, never more than a window ahead', async () => {
  const sizes = fc.array(fc.integer({ min: 0, max: 3 * CHUNK_BYTES }), { maxLength: 8 });
  await fc.assert(
    fc.asyncProperty(sizes, fc.infiniteStream(fc.boolean()), async (written, pauses) => {
      const received: Uint8Array[] = [];
      let taken = 0;
      let sent = 0;
      let ending: string | undefined;
      const sink = {
        write: async (bytes: Uint8Array) => {
          if (pauses.next().value) await settled();
          received.push(bytes);
          taken += bytes.length;
        },
        end: (word: string) => void (ending = word),
      };
      const outgoing = new OutgoingChannel((one) => {
        sent += one.bytes.length;
        expect(one.bytes.length).toBeLessThanOrEqual(CHUNK_BYTES);
        expect(sent - taken).toBeLessThanOrEqual(WINDOW_BYTES);
        incoming.heard(one);
      });
      const incoming = new IncomingChannel('stdout', sink, (position) => outgoing.taken(position));
      const all = written.map(bytesOf);
      for (const bytes of all) await outgoing.write(bytes);
      outgoing.end();
      await incoming.drained;
      expect(Buffer.concat(received).equals(Buffer.concat(all))).toBe(true);
      expect(ending).toBe(ENDED_WELL);
      expect([outgoing.isDone, incoming.isDone]).toEqual([true, true]);
    }),
    { numRuns: 30 },
  );
});

describe('the sender', () => {
  it('waits for a window that is full, and goes on when it is told what was taken', async () => {
    const sent: SessionChunk[] = [];
    const channel = new OutgoingChannel((one) => sent.push(one));
    let isWritten = false;
    const writing = channel.write(bytesOf(2 * WINDOW_BYTES)).then(() => (isWritten = true));
    await settled();
    expect([channel.bytes, isWritten]).toEqual([WINDOW_BYTES, false]);
    channel.taken(WINDOW_BYTES);
    await writing;
    expect(channel.bytes).toBe(2 * WINDOW_BYTES);
    expect(sent.map(({ offset }) => offset)).toEqual(sent.map((_, at) => at * CHUNK_BYTES));
  });

  it.each([-1, 5, 1_000_000])('does not believe in what it has not sent: %i', async (position) => {
    const channel = new OutgoingChannel(silent);
    await channel.write(bytesOf(4));
    channel.end();
    channel.taken(position === 5 ? 6 : position);
    expect(channel.isDone).toBe(false);
    channel.taken(5);
    expect(channel.isDone).toBe(true);
  });

  it('is freed when the session is over', async () => {
    const channel = new OutgoingChannel(silent);
    const writing = channel.write(bytesOf(2 * WINDOW_BYTES));
    channel.fail(new Error('over'));
    await expect(writing).rejects.toThrow('over');
    await expect(channel.write(bytesOf(1))).rejects.toThrow('over');
  });
});

describe('the receiver', () => {
  it.each([
    { why: 'bytes are missing', heard: [chunk(0, 4), chunk(5, 1)], says: /bytes 4 to 5 were lost/ },
    { why: 'bytes come twice', heard: [chunk(0, 4), chunk(0, 4)], says: /bytes 4 to 0 were lost/ },
    {
      why: 'more comes than the window allows',
      heard: [chunk(0, WINDOW_BYTES), chunk(WINDOW_BYTES, 1)],
      says: /more than 262144 bytes/,
    },
  ])('fails when $why', ({ heard, says }) => {
    const channel = new IncomingChannel('stdin', { ...drop, write: () => new Promise(silent) }, silent);
    expect(() => {
      for (const one of heard) channel.heard(one);
    }).toThrow(says);
  });

  it('notices a lost end by what the sender says it has sent', () => {
    const channel = new IncomingChannel('stdin', drop, silent);
    channel.heard(chunk(0, 4));
    channel.expect(4);
    expect(() => channel.expect(5)).toThrow(/were lost/);
    channel.heard(chunk(4, 0, ENDED_WELL));
    channel.expect(5);
  });

  it('takes and drops what its reader no longer wants', async () => {
    const reported: number[] = [];
    const channel = new IncomingChannel(
      'stdin',
      { ...drop, write: () => Promise.reject(new Error('EPIPE')) },
      (taken) => reported.push(taken),
    );
    for (let at = 0; at < 4; at += 1) {
      channel.heard(chunk(at * CHUNK_BYTES, CHUNK_BYTES));
      await channel.drained;
    }
    expect(reported).toEqual([1, 2, 3, 4].map((chunks) => chunks * CHUNK_BYTES));
  });
});
