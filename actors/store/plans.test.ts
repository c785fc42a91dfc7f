import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import {
  CHECKPOINT_VERSION,
  checkpointDue,
  parseChunk,
  parseEnd,
  planCheckpoints,
  planChunks,
} from './plan-checkpoint.ts';
import { planRetention } from './plan-retention.ts';
import { planFailure, retryDelayMs } from './plan-retry.ts';
import { SharedRequest } from './shared-request.ts';

describe('chunks of a checkpoint', () => {
  it('hold every entry once, in order, and are no larger than asked unless one entry is', () => {
    const entry = fc.record({
      key: fc.string(),
      revision: fc.nat(),
      object: fc.record({ text: fc.string({ maxLength: 300 }) }),
    });
    fc.assert(
      fc.property(fc.array(entry), fc.integer({ min: 200, max: 2_000 }), (some, bytesMax) => {
        const entries = some as unknown as { key: string; revision: number; object: KubeObject }[];
        const chunks = [...planChunks(7, entries, bytesMax)];
        const read = chunks.map(parseChunk);
        expect(read.flatMap((chunk) => chunk.entries)).toEqual(JSON.parse(JSON.stringify(entries)));
        expect(read.map((chunk) => chunk.header)).toEqual(
          read.map((_, chunk) => ({ v: CHECKPOINT_VERSION, revision: 7, chunk })),
        );
        for (const [at, text] of chunks.entries()) {
          if (read[at]?.entries.length !== 1) expect(Buffer.byteLength(text)).toBeLessThanOrEqual(bytesMax);
        }
      }),
    );
  });

  it.each([
    { why: 'today', header: { v: 1, revision: 3, chunk: 0 }, read: true },
    { why: 'a newer version', header: { v: 2, revision: 3, chunk: 0 }, read: false },
    { why: 'none', header: { revision: 3 }, read: false },
  ])('of format $why', ({ header, read }) => {
    const text = `${JSON.stringify(header)}\n{"key":"pods.a.x","revision":2,"object":{}}`;
    if (read) expect(parseChunk(text).entries).toEqual([{ key: 'pods.a.x', revision: 2, object: {} }]);
    else expect(() => parseChunk(text)).toThrow(RangeError);
  });

  it('are whole only with their end', () => {
    const rubbish = ['x.end', '1e3.end', '-1.0', '0x5.end', '3.x', '3.1.5', '_.end', '.end', '9999999999999999999.end'];
    const found = ['20.0', '3.0', ...rubbish, '3.1', '3.end'];
    expect(
      planCheckpoints(
        't',
        found.map((tokens) => `t.checkpoints.${tokens}`),
      ),
    ).toEqual([
      { revision: 3, chunks: [0, 1], whole: true },
      { revision: 20, chunks: [0], whole: false },
    ]);
  });

  it.each(['', 'x', '[]', 'null', '{"v":1}\n{}', '{"v":1}\n{"key":"pods.a.x","revision":2}', '{"v":"1"}'])(
    'no chunk: %s',
    (text) => {
      expect(() => parseChunk(text)).toThrow(RangeError);
    },
  );
  it.each(['', 'x', '7', '{"v":1}', '{"v":2,"chunks":0,"objects":0}', '{"v":1,"chunks":"1","objects":0}'])(
    'no end: %s',
    (text) => {
      expect(() => parseEnd(text)).toThrow(RangeError);
    },
  );

  it.each([
    { revision: 9_999, checkpoint: 0, objects: 10, due: false },
    { revision: 10_000, checkpoint: 0, objects: 10, due: true },
    { revision: 25_000, checkpoint: 10_000, objects: 20_000, due: false },
    { revision: 30_000, checkpoint: 10_000, objects: 20_000, due: true },
  ])('are due: %o', ({ due, ...state }) => {
    expect(checkpointDue({ ...state, changesMin: 10_000 })).toBe(due);
  });
});

describe('retention', () => {
  const hour = 3_600_000;
  const taken = [1, 2, 3].map((each) => ({ revision: each * 100, takenAt: each * hour }));
  const keep = { maxAgeMs: hour, maxBytes: 1_000 };
  it.each([
    { why: 'the newest checkpoint before the oldest record', oldestAt: 2.6 * hour, plan: { historyFrom: 200 } },
    { why: 'not one that a record may look back behind', oldestAt: 2.4 * hour, plan: { historyFrom: 100 } },
    { why: 'everything, when no checkpoint is older', oldestAt: hour, plan: {} },
    { why: 'as long as records would be kept, when there are none', oldestAt: undefined, plan: { historyFrom: 300 } },
  ])('keeps $why', ({ oldestAt, plan }) => {
    expect(planRetention(taken, { now: 10 * hour, oldestAt }, keep, 0)).toEqual(plan);
  });
  it('keeps everything where records never expire and there are none yet', () => {
    const forEver = { maxAgeMs: 0, maxBytes: 1_000 };
    expect(planRetention(taken, { now: 10 * hour, oldestAt: undefined }, forEver, 0)).toEqual({});
  });
  it.each([
    { why: 'the first checkpoint', oldestAt: 0.5 * hour, plan: { historyFrom: 100, journalFrom: 1.5 * hour } },
    {
      why: 'the one after that from which all is kept',
      oldestAt: 2.6 * hour,
      plan: { historyFrom: 300, journalFrom: 3.5 * hour },
    },
    { why: 'none, where there is no later one', oldestAt: 3.6 * hour, plan: { historyFrom: 300 } },
  ])('too large together: begins anew from $why', ({ oldestAt, plan }) => {
    expect(planRetention(taken, { now: 10 * hour, oldestAt }, keep, 1_001)).toEqual(plan);
    expect(planRetention(taken, { now: 3.2 * hour, oldestAt: 2.6 * hour }, keep, 1_001)).toEqual({ historyFrom: 200 });
  });
});

describe('failures', () => {
  it.each([
    { fault: { name: 'JetStreamApiError', code: 10071, status: 400 }, is: 'wrong-sequence' },
    { fault: { name: 'JetStreamApiError', code: 10164, status: 400 }, is: 'wrong-sequence' },
    { fault: { name: 'JetStreamApiError', code: 10054, status: 400 }, is: 'too-large' },
    { fault: { name: 'JetStreamApiError', code: 10077, status: 503 }, is: 'retry' },
    { fault: { name: 'JetStreamApiError', code: 10163, status: 400 }, is: 'retry' },
    { fault: { name: 'JetStreamApiError', code: 10052, status: 400 }, is: 'refused' },
    { fault: { name: 'TimeoutError' }, is: 'retry' },
    { fault: { name: 'JetStreamNotEnabled' }, is: 'retry' },
    { fault: { name: 'ClosedConnectionError' }, is: 'refused' },
  ])('$fault.name $fault.code: $is', ({ fault, is }) => {
    expect(planFailure(fault)).toBe(is);
  });
  it('are retried after 5 ms to a second', () => {
    expect([retryDelayMs(1, 0), retryDelayMs(1, 0.999), retryDelayMs(30, 0.999)]).toEqual([
      5,
      expect.closeTo(10),
      expect.closeTo(1_000, -1),
    ]);
  });
});

describe('a shared request', () => {
  it('is sent again for the callers that arrive while it is under way, once for all of them', async () => {
    const answers: ((value: number) => void)[] = [];
    const request = new SharedRequest(() => new Promise<number>((answer) => answers.push(answer)));
    const [first, second, third] = [request.result(), request.result(), request.result()];
    expect(request.sent).toBe(1);
    answers[0]?.(1);
    expect(await first).toBe(1);
    expect(request.sent).toBe(2);
    answers[1]?.(2);
    expect(await Promise.all([second, third])).toEqual([2, 2]);
    const later = request.result();
    answers[2]?.(3);
    expect(await later).toBe(3);
  });

  it('fails its callers, and can be sent again', async () => {
    let fail = true;
    const request = new SharedRequest(() => (fail ? Promise.reject(new Error('no')) : Promise.resolve(1)));
    const [first, second] = [request.result(), request.result()];
    await expect(first).rejects.toThrow('no');
    await expect(second).rejects.toThrow('no');
    fail = false;
    expect(await request.result()).toBe(1);
  });
});
