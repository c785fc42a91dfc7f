import { describe, expect, it } from 'vitest';
import { inFlight, paced } from './drive.ts';
import { inPairs, ratioNote, ratios } from './pairs.ts';
import { markdownTable, median, megabytes, ms, percentile, perSecond, printReport, rate, spread } from './report.ts';

describe('figures', () => {
  const hundred = Array.from({ length: 100 }, (_, n) => 100 - n);
  it.each([
    { why: 'the middle of many', found: percentile(hundred, 0.5), is: 50 },
    { why: 'the last but one of a hundred', found: percentile(hundred, 0.99), is: 99 },
    { why: 'of one, itself', found: percentile([7], 0.99), is: 7 },
    { why: 'of none, no number', found: percentile([], 0.5), is: Number.NaN },
    { why: 'median of an odd number', found: median([3, 1, 2]), is: 2 },
    { why: 'median of an even number', found: median([4, 1, 2, 3]), is: 2.5 },
    { why: 'median of none', found: median([]), is: Number.NaN },
    { why: 'rate', found: rate(50, 250), is: 200 },
    { why: 'small milliseconds', found: ms(1.234), is: '1.23 ms' },
    { why: 'large milliseconds', found: ms(12.34), is: '12.3 ms' },
    { why: 'few a second', found: perSecond(6.25), is: '6.3/s' },
    { why: 'many a second', found: perSecond(1234.5), is: '1235/s' },
    { why: 'memory', found: megabytes(149_600_000), is: '150 MB' },
    { why: 'spread', found: spread(hundred), is: 'p50 50.0 ms, p99 99.0 ms' },
  ])('$why', ({ found, is }) => {
    expect(found).toBe(is);
  });
  it('are a table, and what must be known to judge them', () => {
    const rows = [
      { what: 'get', figure: '0.5 ms', peer: '0.2 ms', ratio: 0.4, aim: '< 1 ms' },
      { what: 'boot', figure: '1 s' },
    ];
    expect(printReport({ title: 'api', rows, notes: ['load 1'] })).toBe(
      [
        '',
        'api',
        'WHAT   FIGURE   PEER     RATIO   AIM',
        'get    0.5 ms   0.2 ms   0.40    < 1 ms',
        'boot   1 s',
        '  load 1',
        '',
      ].join('\n'),
    );
  });
  it('are one Markdown table of all cases', () => {
    const api = {
      title: 'api: create and get',
      rows: [
        { what: 'get', figure: '0.5 ms', peer: '0.2 ms', ratio: 0.4, aim: '< 1 ms' },
        { what: 'put | bare', figure: '2/s', aim: '' },
      ],
    };
    const boot = { title: 'boot', rows: [{ what: 'best', figure: '1 s', aim: '< 2 s' }], notes: ['load 1'] };
    expect(
      markdownTable([
        ['api', api],
        ['boot', boot],
      ]),
    ).toBe(
      [
        '| case | what | figure | peer or aim | ratio |',
        '| --- | --- | --- | --- | --- |',
        '| api | get | 0.5 ms | 0.2 ms; aim: < 1 ms | 0.40 |',
        '| api | put \\| bare | 2/s |  |  |',
        '| boot | best | 1 s | aim: < 2 s |  |',
      ].join('\n'),
    );
  });
});

it('every other pair is measured the other way round', async () => {
  const order: boolean[] = [];
  const pairs = await inPairs(3, async (record) => {
    order.push(record);
    return record ? 3 : 2;
  });
  expect(order).toEqual([true, false, false, true, true, false]);
  expect(ratios(pairs, (side) => side)).toEqual([1.5, 1.5, 1.5]);
  expect(ratioNote('x', [0.5, 1])).toBe('x, recorded by not recorded: median 0.75, pair by pair 0.50, 1.00');
});

it('so many calls are under way, and no more', async () => {
  let open = 0;
  let most = 0;
  const { samples } = await inFlight(4, 20, async () => {
    most = Math.max(most, ++open);
    await Promise.resolve();
    open--;
  });
  expect({ most, calls: samples.length }).toEqual({ most: 4, calls: 20 });
});

it('paced calls go on while earlier ones are open', async () => {
  const begun: number[] = [];
  let answer = (): void => undefined;
  const open = new Promise<void>((resolve) => {
    answer = resolve;
  });
  const all = paced(10_000, 3, async (index) => {
    begun.push(index);
    if (index === 2) answer();
    await open;
  });
  await all;
  expect(begun).toEqual([0, 1, 2]);
});
