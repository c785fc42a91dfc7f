import { expect, it } from 'vitest';
import type { MadeUp } from './made-up.ts';
import { standIns } from './plan-stand-ins.ts';

const UID = '8933d84f-1de2-44ec-8457-2db95f775d7f';
const made = (...names: (readonly [name: string, begins: string, namespace?: string])[]): MadeUp => ({
  names: new Map(names.map(([name, begins, namespace = 'a']) => [name, { namespace, begins }])),
  templateHashes: new Set(['6b549577f8']),
  uids: new Set([UID]),
  ids: new Map([
    ['c0ffee', { pod: 'web-6b549577f8-z55m8', name: 'main', attempt: 1 }],
    ['5a5a5a', { pod: 'web-6b549577f8-z55m8', attempt: 0 }],
  ]),
});
const set = ['web-6b549577f8', 'web-'] as const;
const first = ['web-6b549577f8-z55m8', 'web-6b549577f8-'] as const;
const second = ['web-6b549577f8-gwpvt', 'web-6b549577f8-'] as const;
const same = made(set);
const other: MadeUp = { ...made(), templateHashes: new Set() };

it.each([
  {
    why: 'the first that is spoken of is the first of all that begin alike',
    made: made(set, second, first),
    other: same,
    spoken: [['create', { name: first[0] }], 'web-6b549577f8-gwpvt'],
    text: `Created pod: ${first[0]}, then "${second[0]}".`,
    is: 'Created pod: web-6b549577f8-#1, then "web-6b549577f8-#2".',
  },
  {
    why: 'spoken of at once: in the order in which they came up, for lists are in the order of names',
    made: made(set, first, second),
    other: same,
    spoken: [[second[0], first[0]]],
    text: `${first[0]} ${second[0]}`,
    is: 'web-6b549577f8-#1 web-6b549577f8-#2',
  },
  {
    why: 'of another template, the set too',
    made: made(set, first),
    other,
    spoken: [first[0]],
    text: `${first[0]} of ${set[0]}, pod-template-hash=6b549577f8`,
    is: 'web-#1-#1 of web-#1, pod-template-hash=#',
  },
  {
    why: 'what both know is the same',
    made: made(set, first, second),
    other: made(set, first),
    spoken: [first[0], second[0]],
    text: `${first[0]} ${second[0]}`,
    is: `${first[0]} web-6b549577f8-#1`,
  },
  {
    why: 'namespaces are counted apart',
    made: made(set, first, ['web-6b549577f8-bbbbb', 'web-6b549577f8-', 'b']),
    other: same,
    spoken: ['web-6b549577f8-bbbbb', first[0]],
    text: `${first[0]} web-6b549577f8-bbbbb`,
    is: 'web-6b549577f8-#1 web-6b549577f8-#1',
  },
  {
    why: 'names with dots, and names in host names',
    made: made(['web.v2-bbbbb', 'web.v2-'], ['db-ccccc', 'db-']),
    other: same,
    spoken: [['web.v2-bbbbb', 'db-ccccc']],
    text: 'web.v2-bbbbb db-ccccc.svc',
    is: 'web.v2-#1 db-#1.svc',
  },
  { why: 'uids', made: made(), other, spoken: [], text: `of ${UID}`, is: 'of (uid)' },
  { why: 'what nobody made up stays', made: made(first), other, spoken: [first[0]], text: 'db-z55m8', is: 'db-z55m8' },
])('$why', ({ made: mine, other: theirs, spoken, text, is }) => {
  expect(standIns(mine, theirs, spoken).text(text)).toBe(is);
});

it('subjects and ids are told by their pods, Events by what they are about', () => {
  const put = standIns(made(set, first), same, [first[0]]);
  expect(put.subject(`troupe.api.master.create.pods=2Fbinding.a.${first[0]}`)).toBe(
    'troupe api master create pods/binding a web-6b549577f8-#1',
  );
  expect(put.subject(`troupe.api.node-a.create.events.a.${first[0]}=2Emjmtw6qr48vp`)).toBe(
    'troupe api node-a create events a web-6b549577f8-#1.#',
  );
  expect([put.id('c0ffee'), put.id('5a5a5a'), put.id('unknown')]).toEqual([
    'web-6b549577f8-#1/main/1',
    'web-6b549577f8-#1/0',
    '(id)',
  ]);
});
