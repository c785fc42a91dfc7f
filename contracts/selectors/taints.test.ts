import { expect, it } from 'vitest';
import { tolerates } from './taints.ts';

const taint = { key: 'gpu', value: 'yes', effect: 'NoSchedule' };

it.each([
  [{ key: 'gpu', operator: 'Equal', value: 'yes', effect: 'NoSchedule' }, true],
  [{ key: 'gpu', value: 'yes' }, true],
  [{ key: 'gpu', value: 'no' }, false],
  [{ key: 'gpu', operator: 'Exists' }, true],
  [{ operator: 'Exists' }, true],
  [{ operator: 'Exists', effect: 'NoExecute' }, false],
  [{ key: 'disk', operator: 'Exists' }, false],
])('%j tolerates gpu=yes:NoSchedule: %s', (toleration, covers) => {
  expect(tolerates(toleration, taint)).toBe(covers);
});
