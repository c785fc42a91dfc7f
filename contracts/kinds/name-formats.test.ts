import { describe, expect, it } from 'vitest';
import {
  configKey,
  dnsLabel,
  dnsSubdomain,
  ipAddress,
  labelValue,
  pathWithin,
  portName,
  qualifiedName,
  resourceName,
} from './name-formats.ts';

describe.each([
  {
    what: 'dnsLabel',
    format: dnsLabel,
    good: ['a', 'a-1', '1', 'a'.repeat(63)],
    bad: ['', 'A', '-a', 'a-', 'a.b', 'a_b', 'a\n', 'a'.repeat(64)],
  },
  {
    what: 'dnsSubdomain',
    format: dnsSubdomain,
    good: ['a', 'a.b', 'a-1.b-2'],
    bad: ['', '.a', 'a.', 'a..b', 'a.-b', 'A.b', 'a'.repeat(254)],
  },
  {
    what: 'labelValue',
    format: labelValue,
    good: ['', 'A', 'a_b.c-d', '1'],
    bad: ['-a', 'a-', 'a b', 'ä', 'a'.repeat(64)],
  },
  {
    what: 'qualifiedName',
    format: qualifiedName,
    good: ['a', 'a/b', 'example.com/My_Name.1'],
    bad: ['', '/a', 'a/', 'a/b/c', 'A.com/b', '-a'],
  },
  { what: 'configKey', format: configKey, good: ['a', '.a', 'A_b-c.d'], bad: ['', '.', '..', '..a', 'a/b', 'a b'] },
  { what: 'portName', format: portName, good: ['http', 'a-1'], bad: ['1', 'Http', 'a--b', '-a', 'a-', 'a'.repeat(16)] },
  { what: 'pathWithin', format: pathWithin, good: ['a', 'a/b', '..a'], bad: ['/a', '..', 'a/../b'] },
  {
    what: 'ipAddress',
    format: ipAddress,
    good: ['1.2.3.4', '::', '::1', '2001:db8::ffff', '::ffff:1.2.3.4', '1:2:3:4:5:6:7:8'],
    bad: ['', '1.2.3', '256.1.1.1', '1.2.3.4.', '1.2.3.4.5', ':::', '1:2:3', '::1::', 'g::', '1:2:3:4:5:6:7:8:9'],
  },
  {
    what: 'resourceName',
    format: resourceName,
    good: ['cpu', 'memory', 'hugepages-2Mi', 'example.com/gpu'],
    bad: ['foo', 'a b', '/x'],
  },
])('$what', ({ format, good, bad }) => {
  it.each(good)('takes "%s"', (text) => {
    expect(format(text)).toEqual([]);
  });
  it.each(bad)('refuses "%s"', (text) => {
    expect(format(text)).not.toEqual([]);
  });
});
