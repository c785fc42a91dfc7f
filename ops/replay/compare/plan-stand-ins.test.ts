import { expect, it } from 'vitest';
import type { MadeUp } from './made-up.ts';
import { pairNodes, standIns } from './plan-stand-ins.ts';

const UID = '8933d84f-1de2-44ec-8457-2db95f775d7f';
const made = (...names: (readonly [name: string, begins: string, namespace?: string])[]): MadeUp => ({
  names: new Map(names.map(([name, begins, namespace = 'a']) => [name, { namespace, begins }])),
  templateHashes: new Set(['6b549577f8']),
  nodes: new Set(),
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

const on = (...nodes: string[]): MadeUp => ({ ...made(), nodes: new Set(nodes) });

it.each([
  { why: 'known to both', here: ['a', 'b'], there: ['b', 'a'], pairs: [] },
  { why: 'one each', here: ['vm-c97189'], there: ['vm-e89974'], pairs: [['vm-c97189', 'vm-e89974']] },
  {
    why: 'the rest in the order of their names',
    here: ['n3', 'n1', 'both'],
    there: ['both', 'm2', 'm1'],
    pairs: [
      ['n1', 'm1'],
      ['n3', 'm2'],
    ],
  },
  { why: 'one node more is one node more', here: ['a'], there: ['a', 'b'], pairs: [] },
])('nodes: $why', ({ here, there, pairs }) => {
  expect(pairNodes(on(...here), on(...there))).toEqual(pairs);
});

it('a node stands for the one that goes with it: in texts, as a value, in subjects and as who asks', () => {
  const [vm, word] = [standIns(on('vm-c97189'), on('alone'), []), standIns(on('alone'), on('vm-c97189'), [])];
  expect(vm.text('Successfully assigned a/web to vm-c97189')).toBe('Successfully assigned a/web to node-#1');
  expect(word.text('alone')).toBe('node-#1');
  expect(word.text('Successfully assigned a/web to alone')).toBe('Successfully assigned a/web to node-#1');
  expect(word.text('left alone')).toBe('left alone'); // a word like any other: it may mean no node
  for (const [put, node] of [
    [vm, 'vm-c97189'],
    [word, 'alone'],
  ] as const) {
    expect(put.subject(`troupe.runtime.${node}.list`)).toBe('troupe runtime node-#1 list');
    expect(put.subject(`troupe.api.node-${node}.get.pods.a.web`)).toBe('troupe api node-node-#1 get pods a web');
  }
});
