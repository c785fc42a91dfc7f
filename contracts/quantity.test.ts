import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  canonicalQuantity,
  compareQuantities,
  cpuMillis,
  isQuantity,
  isWhole,
  parseQuantity,
  wholeUnits,
} from './quantity.ts';

describe('cpuMillis', () => {
  it.each([
    ['100m', 100],
    ['0.5', 500],
    [2, 2000],
    [0.1, 100],
    ['1500u', 2],
    ['1n', 1],
    ['1e1', 10_000],
    ['+1', 1000],
    ['-1', -1000],
    [undefined, 0],
    ['two', 0],
  ])('%s -> %s', (text, millis) => {
    expect(cpuMillis(text)).toBe(millis);
  });
});

describe('wholeUnits', () => {
  it.each([
    ['64Mi', 67_108_864],
    ['1.5Gi', 1_610_612_736],
    ['1k', 1000],
    ['128974848', 128_974_848],
    ['129e6', 129_000_000],
    ['129M', 129_000_000],
    ['100m', 1],
    ['.5Ki', 512],
    ['2E', 2e18],
    [undefined, 0],
    ['two', 0],
  ])('%s -> %s', (text, value) => {
    expect(wholeUnits(text)).toBe(value);
  });
});

describe('canonicalQuantity', () => {
  it.each([
    ['1000m', '1'],
    ['0.5', '500m'],
    [0.5, '500m'],
    ['1024Mi', '1Gi'],
    ['0.5Gi', '512Mi'],
    ['1.5Gi', '1536Mi'],
    ['1536Mi', '1536Mi'],
    ['64Mi', '64Mi'],
    ['1000', '1k'],
    ['0', '0'],
    ['0Ki', '0'],
    ['0.5Ki', '512'],
    ['1e3', '1e3'],
    ['100e1', '1e3'],
    ['12e-1', '1200e-3'],
    ['123456', '123456'],
    ['1500m', '1500m'],
    ['1e308', '9223372036854775807'],
    ['-9Ei', '-9223372036854775807'],
    ['1e-308', '1e-9'],
  ])('%s -> %s', (text, canonical) => {
    expect(canonicalQuantity(text)).toBe(canonical);
  });

  it('keeps the amount and is its own canonical form', () => {
    const suffix = fc.constantFrom('', 'm', 'u', 'k', 'M', 'E', 'Ki', 'Mi', 'Gi', 'Ei', 'e3', 'e-2', 'e308', 'e-308');
    fc.assert(
      fc.property(fc.integer({ min: -9999, max: 9999 }), fc.nat(99), suffix, (whole, part, unit) => {
        const text = `${whole}.${part}${unit}`;
        const canonical = canonicalQuantity(text);
        expect(compareQuantities(text, canonical)).toBe(0);
        expect(Number.isFinite(wholeUnits(text))).toBe(true);
        expect(canonicalQuantity(canonical)).toBe(canonical);
      }),
    );
  });
});

describe('isQuantity', () => {
  it.each([['1'], ['1.'], ['.5'], ['-3Mi'], [7], ['1e-3'], [0.25]])('%s is one', (value) => {
    expect(isQuantity(value)).toBe(true);
  });
  it.each([[''], ['Mi'], ['1 Mi'], ['1mi'], ['1Kib'], ['1,5'], ['NaN'], [Number.NaN], [null], [{}], ['1'.repeat(99)]])(
    '%s is none',
    (value) => {
      expect(isQuantity(value)).toBe(false);
    },
  );
  it('never throws', () => {
    fc.assert(fc.property(fc.anything(), (value) => typeof isQuantity(value) === 'boolean'));
  });
});

it('says what a quantity looks like when it is none', () => {
  expect(() => isWhole('two')).toThrow('"two" is not a quantity; write a number like 250m, 1.5 or 64Mi');
});
it('knows whole numbers', () => {
  expect([isWhole('1000m'), isWhole('100m')]).toEqual([true, false]);
});

describe('parseQuantity', () => {
  it.each([
    ['1', 1],
    ['100m', 0.1],
    ['1.5Gi', 1.5 * 2 ** 30],
    ['128Mi', 2 ** 27],
    ['1k', 1000],
    ['1e3', 1000],
    ['1E', 1e18],
    ['.5', 0.5],
    [2, 2],
    ['500n', 5e-7],
    ['1.5 Gi', Number.NaN],
    ['ten', Number.NaN],
    ['', Number.NaN],
  ])('%j is %d', (quantity, value) => {
    expect(parseQuantity(quantity)).toBe(value);
  });
});
