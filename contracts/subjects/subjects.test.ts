import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseKey, storeKey } from '../store/keys.ts';
import type { Family } from './family.ts';
import { SUBJECTS } from './subjects.ts';
import { token, untoken } from './token.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 20 });

describe('one escape for every token', () => {
  it.each([
    { value: undefined, is: '_' },
    { value: '', is: '_' },
    { value: '_', is: '=5F' },
    { value: 'a.b', is: 'a=2Eb' },
    { value: 'pods/status', is: 'pods=2Fstatus' },
    { value: 'a=b', is: 'a=3Db' },
    { value: 'widgets.example.com', is: 'widgets=2Eexample=2Ecom' },
    { value: 'é', is: '=C3=A9' },
    { value: '\ufeffa', is: '=EF=BB=BFa' },
    { value: 'web-1_x', is: 'web-1_x' },
    { value: '*', is: '=2A' },
    { value: '>', is: '=3E' },
  ])('$value is $is', ({ value, is }) => {
    expect(token(value)).toBe(is);
    expect(untoken(is)).toBe(value ?? '');
  });

  it.each(['a=2', 'a=zz', 'a=2e', 'a b', 'a.b', '=61', '=C3', ''])('%s is no token', (escaped) => {
    expect(untoken(escaped)).toBeUndefined();
  });

  it('gives back every text, and never two texts the same token', () => {
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        expect(untoken(token(a))).toBe(a);
        expect(token(a)).toMatch(/^[A-Za-z0-9_=-]+$/);
        expect(token(a) === token(b)).toBe(a === b);
      }),
    );
  });
});

describe.each(Object.entries(SUBJECTS as Readonly<Record<string, Family>>))('%s', (_, family) => {
  const names = [...family.template.matchAll(/<(\w+)>/g)].map((match) => match[1] ?? '');
  const tokens = fc.record(Object.fromEntries(names.map((name) => [name, anyText])));

  it('reads back the tokens of every subject that it makes, whatever they hold', () => {
    fc.assert(
      fc.property(tokens, (values) => {
        const subject = family.subject('troupe', values as never);
        expect(family.parse('troupe', subject)).toEqual(values);
        expect(family.parse('other', subject)).toBeUndefined();
        expect(family.parse('troupe', `${subject}.more`)).toBeUndefined();
      }),
      { numRuns: 30 },
    );
  });

  it('its pattern has a wildcard for what is not fixed', () => {
    const [first] = names;
    expect(
      family
        .pattern('troupe')
        .split('.')
        .filter((part) => part === '*'),
    ).toHaveLength(names.length);
    if (first !== undefined) expect(family.pattern('troupe', { [first]: 'a.b' } as never)).toContain('a=2Eb');
  });
});

describe('keys of the store', () => {
  it('give back resource, namespace and name, whatever they hold', () => {
    fc.assert(
      fc.property(anyText, anyText, anyText, (resource, namespace, name) => {
        expect(parseKey(storeKey(resource, namespace, name))).toEqual({ resource, namespace, name });
      }),
    );
  });
  it.each(['pods.default', 'pods.default.a.b', 'pods..a', ''])('%s is no key', (key) => {
    expect(parseKey(key)).toBeUndefined();
  });
});
