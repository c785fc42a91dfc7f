import { expect, it } from 'vitest';
import type { Json } from '../../../actors/kernel/contract.ts';
import { cellsAbout, objectsInCells } from './objects-in-cells.ts';

const pod = (name: string, uid: string): Json => ({ kind: 'Pod', metadata: { namespace: 'a', name, uid } });
const cells: Readonly<Record<string, Json>> = {
  feed: { epoch: 4, kind: 'Pod' },
  'pod/u-1': { pod: pod('web', 'u-1'), configMaps: [] },
  'pod/u-2': { pod: pod('db', 'u-2') },
  'sync/u-1': { phase: 'Running' },
  plain: pod('alone', 'u-3'),
  nothing: null,
};

it('finds the objects of a kind, and the cells that are about one', () => {
  const found = objectsInCells(cells, 'Pod');
  expect(found.map(({ object, cell }) => `${object.metadata?.name} ${cell}`)).toEqual([
    'web pod/u-1',
    'db pod/u-2',
    'alone plain',
  ]);
  expect(found.map((one) => Object.keys(cellsAbout(cells, one)))).toEqual([
    ['pod/u-1', 'sync/u-1'],
    ['pod/u-2'],
    ['plain'],
  ]);
  expect(objectsInCells(cells, 'Node')).toEqual([]);
});
