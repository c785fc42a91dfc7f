import { expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { aboutFinder } from './plan-about.ts';

const turn = (n: number, rec: Rec, ...subjects: string[]) => ({
  n,
  now: 0,
  view: {},
  rec,
  said: subjects.map((subject) => ({ kind: 'request', say: 'x', subject, hash: '', size: 0 })),
});
const call = (subject: string, body: object = {}): Rec => ({
  t: 'call',
  id: '',
  subject,
  headers: {},
  body: encodeMsgpack(body),
});
const TURNS = [
  turn(
    1,
    { t: 'change', keys: ['pods.default.web-1', 'nodes._.n1'] },
    'troupe.api.s.create.pods=2Fbinding.default.web-1',
  ),
  turn(2, { t: 'change', keys: ['pods.other.web-1'] }),
  turn(3, { t: 'answer', ask: '1.0', result: 'timeout' }),
  turn(4, { t: 'answer', ask: '9.0', result: 'timeout' }),
  turn(5, call('troupe.api.alice.get.pods.default.web=2E1')),
  turn(6, { t: 'due' }, 'troupe.api.s.create.events.default._'),
];

it.each([
  ['web-1', [1, 2, 3]],
  ['default/web-1', [1, 3]],
  ['other/web-1', [2]],
  ['web.1', [5]],
  ['n1', [1]],
  ['web', []],
])('%s', (text, numbers) => {
  const isAbout = aboutFinder(text);
  expect(TURNS.filter(isAbout).map(({ n }) => n)).toEqual(numbers);
});

it('finds what is named in a body alone: what a node is told of its pods, what its runtime is asked', () => {
  const pod = { name: 'web-1', namespace: 'default' };
  const sandbox = turn(2, { t: 'due' }, 'troupe.runtime.n1.runPodSandbox');
  const turns = [
    turn(1, call('troupe.node.n1.pods', { changed: [{ pod: { metadata: pod } }] })),
    { ...sandbox, said: sandbox.said.map((said) => ({ ...said, body: encodeMsgpack({ pod }) })) },
    turn(3, { t: 'answer', ask: '2.0', result: 'timeout' }),
    turn(4, call('troupe.node.n1.pods', { changed: [{ pod: { metadata: { ...pod, name: 'web-10' } } }] })),
    turn(5, call('troupe.node.n1.pods', { changed: [{ pod: { spec: { containers: [{ name: 'web-1' }] } } }] })),
    turn(6, { ...call(''), body: new TextEncoder().encode('web-1, which is no message') } as Rec),
  ];
  expect(turns.filter(aboutFinder('web-1')).map(({ n }) => n)).toEqual([1, 2, 3]);
  expect(turns.filter(aboutFinder('default/web-1')).map(({ n }) => n)).toEqual([1, 2, 3]);
  expect(turns.filter(aboutFinder('other/web-1'))).toEqual([]);
});
