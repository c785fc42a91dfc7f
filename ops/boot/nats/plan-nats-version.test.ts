import { describe, expect, it } from 'vitest';
import {
  checkNatsVersion,
  compareVersions,
  OLDEST_NATS_SERVER,
  parseNatsVersion,
  TESTED_NATS_SERVER,
} from './plan-nats-version.ts';

it.each([
  ['nats-server: v2.15.1', '2.15.1'],
  ['nats-server: v2.15.1-dev', '2.15.1'],
  ['2.9.10\n', '2.9.10'],
  ['nats-server: v2.15', undefined],
  ['', undefined],
])('of "%s" the version is %s', (text, version) => {
  expect(parseNatsVersion(text)).toBe(version);
});

describe('compareVersions', () => {
  it.each([
    { why: 'parts are numbers, no text', a: '2.9.10', b: '2.15.0', sign: -1 },
    { why: 'the last counts too', a: '2.12.10', b: '2.12.9', sign: 1 },
    { why: 'the first counts most', a: '3.0.0', b: '2.15.1', sign: 1 },
    { why: 'what is missing is 0', a: '2.12.1', b: '2.12', sign: 1 },
    { why: 'the same', a: '2.12.0', b: '2.12.0', sign: 0 },
  ])('$why', ({ a, b, sign }) => {
    expect(Math.sign(compareVersions(a, b))).toBe(sign);
  });
});

it.each([
  ['2.11.9', 'refuse'],
  [OLDEST_NATS_SERVER, 'warn'],
  ['2.14.9', 'warn'],
  [TESTED_NATS_SERVER, 'ok'],
  ['3.0.0', 'ok'],
])('judges %s: %s', (version, verdict) => {
  expect(checkNatsVersion(version)).toBe(verdict);
});
