import { expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import { type Breakpoint, breakpointText, holdsIn, matchesSubject } from './plan-breakpoint.ts';

const told = (rec: Rec, ...subjects: string[]) => ({
  turn: { n: 7, now: 0, view: {}, rec, said: [] },
  subjects,
});
const change = told({ t: 'change', keys: ['pods.default.web', 'nodes._.a'] });
const call = told(
  { t: 'call', id: 'x', subject: 'troupe.api.alice.create.pods.default.web', headers: {}, body: new Uint8Array() },
  '_INBOX.alice.1',
);
const bind = told({ t: 'due' }, 'troupe.api.scheduler.create.pods=2Fbinding.default.web');

it.each([
  { why: 'its number', breakpoint: { turn: 7 }, at: change, holds: true },
  { why: 'another number', breakpoint: { turn: 8 }, at: change, holds: false },
  { why: 'a kind of record', breakpoint: { kind: 'change' }, at: change, holds: true },
  { why: 'another kind of record', breakpoint: { kind: 'due' }, at: change, holds: false },
  { why: 'a resource that changed', breakpoint: { kind: 'nodes' }, at: change, holds: true },
  { why: 'a kind of object that changed', breakpoint: { kind: 'Pod' }, at: change, holds: true },
  { why: 'a kind that did not change', breakpoint: { kind: 'secrets' }, at: change, holds: false },
  { why: 'what was heard', breakpoint: { subject: 'troupe.api.*.create.>' }, at: call, holds: true },
  { why: 'what is said', breakpoint: { subject: '_INBOX.>' }, at: call, holds: true },
  { why: 'the kind asked about', breakpoint: { kind: 'pod' }, at: call, holds: true },
  { why: 'the kind of a subresource', breakpoint: { kind: 'pods' }, at: bind, holds: true },
  { why: 'all that is given', breakpoint: { kind: 'pods', turn: 8 }, at: bind, holds: false },
] as { why: string; breakpoint: Breakpoint; at: typeof change; holds: boolean }[])(
  'looks at $why',
  ({ breakpoint, at, holds }) => {
    expect(holdsIn(breakpoint, at)).toBe(holds);
  },
);

it.each([
  ['a.b', 'a.b', true],
  ['a.b', 'a.b.c', false],
  ['a.*', 'a.b', true],
  ['a.*', 'a.b.c', false],
  ['a.>', 'a.b.c', true],
  ['a.>', 'a', false],
  ['>', 'a', true],
])('%s as a pattern for %s', (pattern, subject, matches) => {
  expect(matchesSubject(pattern, subject)).toBe(matches);
});

it('is shown as it is typed', () => {
  expect(breakpointText({ kind: 'pods', when: 'said.length > 1' })).toBe('--kind pods --when "said.length > 1"');
});
