import { expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import type { Write } from '../../../actors/kernel/view/cache.ts';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { chooseLives, planAbout } from './plan-lives.ts';

const pod = (uid: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'web', namespace: 'default', uid },
});
const KEY = 'pods.default.web';
const write = (revision: number, uid?: string): Write => ({
  key: KEY,
  revision,
  object: uid === undefined ? undefined : pod(uid),
});
const said = (subject: string, body?: object) => {
  const bytes = body && encodeMsgpack(body);
  return { kind: 'request', say: 'x', subject, hash: '', size: 0, ...(bytes === undefined ? {} : { body: bytes }) };
};
const turn = (n: number, objects: number, rec: Rec, ...all: ReturnType<typeof said>[]) => ({
  n,
  now: n * 1_000,
  view: objects === 0 ? {} : { objects },
  rec,
  said: all,
});
const change: Rec = { t: 'change', keys: [KEY] };
const call = (subject: string, body: object = {}): Rec => ({
  t: 'call',
  id: '',
  subject,
  headers: {},
  body: encodeMsgpack(body),
});
const shown = ({ turns }: ReturnType<typeof planAbout>): readonly string[] =>
  turns.map(({ index, uids }) => `${index + 1}: ${[...uids].join()}`);

const BIND = 'troupe.api.s.create.pods=2Fbinding.default.web';
const EVENT = 'troupe.api.s.create.events.default._';
const event = (uid: string) => ({ involvedObject: { kind: 'Pod', name: 'web', namespace: 'default', uid } });

it('tells objects that had one name apart, by the history and by the uids in bodies', () => {
  const history = new MemoryHistory([write(2, 'old'), write(3), write(5, 'new'), write(6, 'new')]);
  const turns = [
    turn(1, 1, { t: 'start' }),
    turn(2, 2, change, said(BIND)),
    turn(3, 2, { t: 'answer', ask: '2.0', result: 'timeout' }),
    turn(4, 3, change),
    turn(5, 4, call('troupe.api.me.create.pods.default.web')), // the old one is gone, the new one is not there yet
    turn(6, 5, change, said(BIND)),
    turn(7, 5, { t: 'due' }, said(EVENT, event('old'))),
    turn(8, 6, { t: 'answer', ask: '7.0', result: 'timeout' }),
    turn(9, 6, call('troupe.api.me.get.pods.default.web')),
  ];
  const about = planAbout({ turns, history }, 'web');
  expect(shown(about)).toEqual(['2: old', '3: old', '4: old', '5: old,new', '6: new', '7: old', '8: old', '9: new']);
  expect(about.lives).toEqual([
    { key: KEY, uid: 'old', firstMs: 2_000 },
    { key: KEY, uid: 'new', firstMs: 6_000 },
  ]);
});

it('a change that covers a deletion and a new object is about both', () => {
  const history = new MemoryHistory([write(2, 'old'), write(3), write(4, 'new')]);
  const turns = [turn(1, 1, { t: 'start' }), turn(2, 2, change), turn(3, 4, change)];
  expect(shown(planAbout({ turns, history }, 'default/web'))).toEqual(['2: old', '3: old,new']);
});

it('an actor that does not see the store is told apart by bodies, and by the last uid where a turn names none', () => {
  const mail = (uid: string) => call('troupe.node.n1.pods', { changed: [{ pod: pod(uid) }] });
  const ref = { pod: { name: 'web', namespace: 'default', uid: 'old' } };
  const turns = [
    turn(1, 0, call('troupe.x.default.web')),
    turn(2, 0, mail('old'), said('troupe.runtime.n1.runPodSandbox', ref)),
    turn(3, 0, { t: 'answer', ask: '2.0', result: 'timeout' }),
    turn(4, 0, call('troupe.x.default.web')),
    turn(5, 0, mail('new')),
    turn(6, 0, call('troupe.x.default.web')),
  ];
  expect(shown(planAbout({ turns, history: new MemoryHistory([]) }, 'web'))).toEqual([
    '1: ',
    '2: old',
    '3: old',
    '4: old',
    '5: new',
    '6: new',
  ]);
});

const lives = [
  { key: KEY, uid: 'aa1', firstMs: 1 },
  { key: KEY, uid: 'ab2', firstMs: 3 },
  { key: KEY, uid: 'b3', firstMs: 2 },
  { key: 'services.default.web', uid: 'c4', firstMs: 1 },
];

it.each([
  { uid: undefined, shows: ['ab2', 'c4'], others: ['b3', 'aa1'] },
  { uid: 'b', shows: ['b3'], others: ['ab2', 'aa1'] },
  { uid: 'a', shows: ['aa1', 'ab2'], others: ['b3'] },
  { uid: 'c4', shows: ['c4'], others: [] },
  { uid: 'd', shows: [], others: [] },
])('of several objects with one name, --uid $uid shows $shows', ({ uid, shows, others }) => {
  const chosen = chooseLives(lives, uid);
  expect([...chosen.uids]).toEqual(shows);
  expect(chosen.others.map((life) => life.uid)).toEqual(others);
});
