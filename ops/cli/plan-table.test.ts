import { describe, expect, it } from 'vitest';
import { humanDuration } from './plan-age.ts';
import { type Column, columnWidths, formatRow, formatTable, planTable } from './plan-table.ts';

const s = 1000;
const m = 60 * s;
const h = 60 * m;
const d = 24 * h;

describe('humanDuration', () => {
  it.each([
    [-5 * s, '<invalid>'],
    [-1 * s, '0s'],
    [0, '0s'],
    [119 * s, '119s'],
    [120 * s, '2m'],
    [190 * s, '3m10s'],
    [10 * m, '10m'],
    [179 * m, '179m'],
    [3 * h, '3h'],
    [3 * h + 5 * m, '3h5m'],
    [8 * h + 5 * m, '8h'],
    [47 * h, '47h'],
    [48 * h, '2d'],
    [51 * h, '2d3h'],
    [8 * d + 3 * h, '8d'],
    [729 * d, '729d'],
    [730 * d, '2y'],
    [731 * d, '2y1d'],
    [9 * 365 * d, '9y'],
    [Number.NaN, '<unknown>'],
  ])('%d ms is %s', (ms, text) => {
    expect(humanDuration(ms)).toBe(text);
  });
});

const columns: readonly Column[] = [
  { name: 'NAME', cell: (object) => object.metadata?.name ?? '' },
  { name: 'STATUS', cell: () => 'Running' },
  { name: 'NODE', wide: true, cell: () => 'here' },
];
const web = { metadata: { name: 'web-1', namespace: 'default', labels: { b: '2', a: '1' } } };

describe('planTable', () => {
  it.each([
    {
      why: 'plain',
      options: {},
      rows: [
        ['NAME', 'STATUS'],
        ['web-1', 'Running'],
      ],
    },
    {
      why: 'wide',
      options: { wide: true },
      rows: [
        ['NAME', 'STATUS', 'NODE'],
        ['web-1', 'Running', 'here'],
      ],
    },
    {
      why: 'all namespaces',
      options: { namespaces: true },
      rows: [
        ['NAMESPACE', 'NAME', 'STATUS'],
        ['default', 'web-1', 'Running'],
      ],
    },
    {
      why: 'several kinds',
      options: { namePrefix: 'pod' },
      rows: [
        ['NAME', 'STATUS'],
        ['pod/web-1', 'Running'],
      ],
    },
    {
      why: 'labels',
      options: { showLabels: true },
      rows: [
        ['NAME', 'STATUS', 'LABELS'],
        ['web-1', 'Running', 'a=1,b=2'],
      ],
    },
  ])('$why', ({ options, rows }) => {
    expect(planTable(columns, [web], 0, options)).toEqual(rows);
  });
  it('lets no control character through', () => {
    const evil: Column = { name: 'MESSAGE', cell: () => 'a\u001b[31mb\nc' };
    expect(planTable([evil], [web], 0)[1]).toEqual(['a [31mb c']);
  });
});

describe('formatTable', () => {
  it('aligns with three spaces and ends lines without any', () => {
    expect(
      formatTable([
        ['NAME', 'AGE'],
        ['web-12', '3s'],
        ['a', ''],
      ]),
    ).toBe('NAME     AGE\nweb-12   3s\na\n');
  });
  it('keeps the widths of earlier rows when streaming', () => {
    const widths = columnWidths([
      ['NAME', 'AGE'],
      ['web-12', '3s'],
    ]);
    expect(formatRow(['a', '1s'], columnWidths([['a', '1s']], widths))).toBe('a        1s');
  });
  it('pads what is seen, not what colours add', () => {
    expect(formatRow(['ab', 'c'], [4, 1], (cell) => `<${cell}>`)).toBe('<ab>     <c>');
  });
});
