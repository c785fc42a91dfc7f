import { expect, it } from 'vitest';
import { humanDuration } from './duration.ts';

const S = 1000;
const M = 60 * S;
const H = 60 * M;
const D = 24 * H;

it.each([
  [-5 * S, '<invalid>'],
  [-1 * S, '0s'],
  [0, '0s'],
  [119 * S, '119s'],
  [2 * M, '2m'],
  [4 * M + 30 * S, '4m30s'],
  [10 * M + 59 * S, '10m'],
  [179 * M, '179m'],
  [3 * H + 5 * M, '3h5m'],
  [8 * H, '8h'],
  [47 * H, '47h'],
  [3 * D + 4 * H, '3d4h'],
  [8 * D + 4 * H, '8d'],
  [729 * D, '729d'],
  [2 * 365 * D + 12 * D, '2y12d'],
  [9 * 365 * D, '9y'],
])('%d ms -> %s', (millis, text) => {
  expect(humanDuration(millis)).toBe(text);
});
