import { describe, expect, it } from 'vitest';
import type { Column } from '../../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { columnWidths, formatRow, formatTable, planTable } from './plan-table.ts';

const columns: readonly Column<KubeObject>[] = [
  { name: 'NAME', priority: 0, value: (object) => object.metadata?.name ?? '' },
  { name: 'STATUS', priority: 0, value: () => 'Running' },
  { name: 'NODE', priority: 1, value: () => 'here' },
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
    const evil: Column<KubeObject> = { name: 'MESSAGE', priority: 0, value: () => 'a\u001b[31mb\nc' };
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
