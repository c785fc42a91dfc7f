import { expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { knowledgeOf } from '../play/definitions.ts';
import type { Playable } from '../read/playable.ts';
import { type Cause, causesOf } from './plan-causes.ts';

const STARTED = 1_764_000_000_000;
const id = (actor: string, turn: number) => `${actor}/m1/${STARTED.toString(36)}.${turn}.0`;

function recorded(actor: string, ...turns: readonly [Rec, ...string[]][]): Playable {
  const incarnation = {
    self: { actor, instance: 'm1', caller: 'master', prefix: 'troupe' },
    incarnation: STARTED,
    config: null,
    seed: [1],
    window: 0,
    node: '',
    icu: '',
    build: '',
    driver: false,
  };
  const said = (subject: string) => ({ kind: 'request', say: 'x', subject, hash: '', size: 0 });
  return {
    incarnation,
    turns: turns.map(
      ([rec, ...subjects], at): RecordedTurn => ({ n: at + 1, now: at, view: {}, rec, said: subjects.map(said) }),
    ),
    history: new MemoryHistory([]),
  };
}
const call = (subject: string, from: string, cause?: string): Rec => ({
  t: 'call',
  id: from,
  subject,
  headers: cause === undefined ? {} : { 'Troupe-Cause': cause },
  body: new Uint8Array(),
});
const answer = (ask: string, revision?: number): Rec => ({
  t: 'answer',
  ask,
  result: encodeMsgpack(revision === undefined ? {} : { revision }),
});

const api = recorded(
  'api-server',
  [{ t: 'start' }],
  [call('apply', 'client/abc/7.0'), 'store.put'],
  [answer('2.0', 11), '_INBOX'],
  [call('delete', id('controller', 3)), 'store.purge'],
  [answer('4.0', 12)],
  [call('odd', 'stranger', id('controller', 2))],
);
const controller = recorded(
  'controller',
  [{ t: 'start' }],
  [{ t: 'change', keys: ['pods.a.other', 'pods.a.web'] }, 'ask'],
  [{ t: 'due' }],
  [{ t: 'change', keys: ['pods.a.gone'] }],
  [{ t: 'change', keys: ['pods.a.unknown'] }],
);
const chain = (playable: Playable, index: number, about = '', all = [api, controller]): readonly Cause[] =>
  causesOf(
    {
      all,
      timersSetIn: () => [2],
      storeWritesOf: (actor) => knowledgeOf(actor).storeWrites,
      writeAt: (_, __, key) =>
        ({ 'pods.a.web': { revision: 11, deleted: false }, 'pods.a.gone': { revision: 12, deleted: true } })[key],
    },
    playable,
    index,
    about,
  );
const brief = (causes: readonly Cause[]): string[] =>
  causes.map(({ actor, turn, what }) => `${actor} ${turn ?? '-'}: ${what}`);
const APPLIED = ['api-server/m1 2: heard apply', 'client/abc -: sent it (message client/abc/7.0)'];

it.each([
  {
    why: 'a change, to the api-server that wrote it, to the client that asked',
    causes: chain(controller, 1, 'troupe.api.x.create.pods.a.web'),
    is: ['controller/m1 2: heard that pods a/web was written (revision 11) and 1 more', ...APPLIED],
  },
  {
    why: 'a timer, to the turn that set it, and the first key where nothing tells which',
    causes: chain(controller, 2),
    is: [
      'controller/m1 3: a timer fired that turn 2 had set',
      'controller/m1 2: heard that pods a/other changed and 1 more',
    ],
  },
  {
    why: 'a deletion, to the api-server, to the actor that asked for it',
    causes: chain(controller, 3).slice(0, 3),
    is: [
      'controller/m1 4: heard that pods a/gone was deleted (revision 12)',
      'api-server/m1 4: heard delete',
      'controller/m1 3: a timer fired that turn 2 had set',
    ],
  },
  {
    why: 'an answer, to the question',
    causes: chain(api, 2),
    is: ['api-server/m1 3: heard the answer to x store.put', ...APPLIED],
  },
  {
    why: 'a message of somebody who is not recorded, to what caused it',
    causes: chain(api, 5).slice(0, 2),
    is: ['api-server/m1 6: heard odd', 'controller/m1 2: heard that pods a/other changed and 1 more'],
  },
  {
    why: 'as far as a recording alone knows',
    causes: chain(controller, 1, 'pods.a.web', [controller]),
    is: ['controller/m1 2: heard that pods a/web was written (revision 11) and 1 more'],
  },
  { why: 'a start', causes: chain(api, 0), is: ['api-server/m1 1: it started'] },
])('follows $why', ({ causes, is }) => {
  expect(brief(causes)).toEqual(is);
});
