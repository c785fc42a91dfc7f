import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { StatusError } from '../errors/status.ts';
import {
  labelSelectorText,
  matchesLabels,
  parseLabelSelector,
  requirementsOf,
  requirementsText,
  selectorMatches,
} from './label-selector.ts';

const LABELS = { app: 'web', tier: 'front', 'example.com/rank': '7', empty: '' };

describe('parseLabelSelector', () => {
  it.each([
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = web , tier = front', true],
    ['app!=web', false],
    ['absent!=web', true],
    ['app in (web,db)', true],
    ['app in (db)', false],
    ['app notin (db, cache)', true],
    ['absent notin (db)', true],
    ['app', true],
    ['absent', false],
    ['!absent', true],
    ['!app', false],
    ['example.com/rank>6', true],
    ['example.com/rank<7', false],
    ['app>1', false],
    ['empty=', true],
    ['app=web,tier in (front,back),!old', true],
    ['constructor', false],
  ])('%s', (text, matches) => {
    expect(matchesLabels(parseLabelSelector(text), LABELS)).toBe(matches);
  });

  it.each([
    'a=b=c',
    ',',
    'a,',
    'a in b',
    'a in (b',
    '=b',
    'a b',
    'a=-b',
    'a/b/c=d',
    '!',
    'a>x',
    'in (a)',
    '!__proto__x',
  ])('refuses "%s" with a way out', (text) => {
    expect(() => parseLabelSelector(text)).toThrow(/unable to parse label selector .*; write e\.g\. app=web/);
  });

  it('only ever refuses with BadRequest', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        try {
          parseLabelSelector(text);
        } catch (error) {
          expect((error as StatusError).reason).toBe('BadRequest');
        }
      }),
    );
  });

  it('reads what it writes', () => {
    const word = fc.constantFrom('a', 'b-c', 'example.com/x');
    const value = fc.constantFrom('1', 'x.y', '');
    const requirement = fc.oneof(
      fc.record({
        key: word,
        operator: fc.constantFrom('In' as const, 'NotIn' as const),
        values: fc.array(value, { minLength: 1, maxLength: 3 }),
      }),
      fc.record({
        key: word,
        operator: fc.constantFrom('Exists' as const, 'DoesNotExist' as const),
        values: fc.constant([]),
      }),
    );
    fc.assert(
      fc.property(fc.array(requirement), (requirements) => {
        const sorted = requirements.map((one) => ({ ...one, values: [...one.values].sort() }));
        expect(parseLabelSelector(requirementsText(requirements))).toEqual(sorted);
      }),
    );
  });
});

describe('selectors of objects', () => {
  it.each([
    { why: 'absent chooses nothing', selector: undefined, matches: false },
    { why: 'empty chooses everything', selector: {}, matches: true },
    { why: 'all labels must match', selector: { matchLabels: { app: 'web', tier: 'front' } }, matches: true },
    { why: 'one differs', selector: { matchLabels: { app: 'web', tier: 'back' } }, matches: false },
    {
      why: 'expressions join in',
      selector: {
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'NotIn', values: ['front'] }],
      },
      matches: false,
    },
    {
      why: 'an unknown operator never holds',
      selector: { matchExpressions: [{ key: 'app', operator: 'Like' }] },
      matches: false,
    },
  ])('$why', ({ selector, matches }) => {
    expect(selectorMatches(selector, LABELS)).toBe(matches);
    if (selector !== undefined) expect(matchesLabels(requirementsOf(selector), LABELS)).toBe(matches);
  });

  it('prints as kubectl does', () => {
    expect(
      labelSelectorText({
        matchLabels: { app: 'web' },
        matchExpressions: [{ key: 'tier', operator: 'In', values: ['b', 'a'] }],
      }),
    ).toBe('app=web,tier in (a,b)');
    expect([labelSelectorText({}), labelSelectorText(undefined)]).toEqual(['<none>', '<none>']);
  });
});
