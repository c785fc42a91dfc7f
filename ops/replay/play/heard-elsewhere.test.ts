import { catchError, EMPTY, map, mergeMap } from 'rxjs';
import { expect, it } from 'vitest';
import type { Json } from '../../../actors/kernel/contract.ts';
import { api, calls, defineActor, publish } from '../../../actors/kernel/declare.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import { type Heard, TestWorld } from '../../../actors/kernel/testing/test-world.ts';
import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import type { NodePods } from '../../../contracts/messages/node.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { exportOf } from '../export/export.ts';
import { lacksPodMessages, withPodMessages } from '../read/keep-pod-messages.ts';
import type { Playable } from '../read/playable.ts';
import { HeardElsewhere } from './heard-elsewhere.ts';

/* Who asks for something large, and who refuses it: each keeps of what it said a hash, and the other has it. */

const LARGE = { kind: 'Pod', metadata: { name: 'large', annotations: { text: 'x'.repeat(5_000) } } };
const MAIL: NodePods = {
  epoch: 1,
  counter: 1,
  changed: [{ pod: { kind: 'Pod', metadata: { name: 'small' } } }],
  removed: [],
};
const REFUSAL = failure('Forbidden', 'pods "large" is forbidden: too large');
const INBOX = '_INBOX.asker.1';

const asking = defineActor({
  name: 'asker',
  hears: { applies: calls(SUBJECTS.apply) },
  says: { create: api('create', 'pods') },
  behave: ({ applies }, world) =>
    applies.pipe(
      mergeMap(() => world.ask(world.say.create({ namespace: 'default', name: 'large' }, LARGE), { timeoutMs: 1_000 })),
      mergeMap(() => EMPTY),
      catchError(() => EMPTY),
    ),
});
const refusing = defineActor({
  name: 'api-server',
  hears: { api: calls(SUBJECTS.api) },
  says: {},
  behave: (inputs, world) => inputs.api.pipe(map((call) => world.reply(call, REFUSAL))),
});

const playableOf = (world: TestWorld): Playable => {
  const { incarnation, turns } = world.recording();
  return { incarnation, turns, history: new MemoryHistory([]) };
};

function asker(): Playable {
  const world = new TestWorld(asking).start();
  world.call(SUBJECTS.apply, { caller: 'me', namespace: 'default' }, {});
  world.answer(world.said('create')[0] as Heard, { answered: true });
  const playable = playableOf(world);
  // A refusal comes as bytes, as any answer.
  const turns = playable.turns.map((turn) =>
    turn.rec.t === 'answer' ? { ...turn, rec: { ...turn.rec, result: encodeMsgpack(REFUSAL) } } : turn,
  );
  return { ...playable, turns };
}

/** @param from of whom what is heard is */
function server(from: Playable, heard: Json = LARGE as Json): Playable {
  const world = new TestWorld(refusing).start();
  world.callSubject('troupe.api.asker.create.pods.default.large', heard, { reply: INBOX });
  return withId(playableOf(world), idOfFirst(from));
}

/** Of the first thing that the first call led to. */
function idOfFirst({ incarnation: { self, incarnation } }: Playable): string {
  return `${self.actor}/${self.instance}/${incarnation.toString(36)}.2.0`;
}

const withId = (playable: Playable, id: string): Playable => ({
  ...playable,
  turns: playable.turns.map((turn) => (turn.rec.t === 'call' ? { ...turn, rec: { ...turn.rec, id } } : turn)),
});

const heardOf = (elsewhere: HeardElsewhere, from: Playable): unknown => {
  const index = from.turns.findIndex(({ said }) => said.length > 0);
  const then = from.turns[index]?.said[0];
  if (then === undefined) throw new Error('it said nothing');
  expect(then).not.toHaveProperty('body');
  const bytes = elsewhere.heard(from, index, then);
  return bytes && decodeMsgpack(bytes);
};

it('what was asked is known of who was asked, and what was answered of who had asked', () => {
  const one = asker();
  const other = server(one);
  const elsewhere = new HeardElsewhere([() => [one, other]]);
  expect(heardOf(elsewhere, one)).toEqual(LARGE);
  expect(heardOf(elsewhere, other)).toEqual(REFUSAL);
});

it('what a node was told of its pods is known of its kubelet', () => {
  const telling = defineActor({
    name: 'dispatcher',
    hears: { applies: calls(SUBJECTS.apply) },
    says: { pods: publish(SUBJECTS.nodePods) },
    behave: ({ applies }, world) => applies.pipe(map(() => world.say.pods({ node: 'n1' }, MAIL))),
  });
  const hearing = defineActor({
    name: 'kubelet',
    hears: { pods: calls(SUBJECTS.nodePods) },
    says: {},
    behave: ({ pods }) => pods.pipe(mergeMap(() => EMPTY)),
  });
  const teller = new TestWorld(telling).start();
  teller.call(SUBJECTS.apply, { caller: 'me', namespace: 'default' }, {});
  const one = playableOf(teller);
  const hearer = new TestWorld(hearing).start();
  hearer.call(SUBJECTS.nodePods, { node: 'n1' }, MAIL);
  const other = withId(playableOf(hearer), idOfFirst(one));
  expect(heardOf(new HeardElsewhere([() => [one, other]]), one)).toEqual(MAIL);

  // Taken elsewhere alone it has that by value, and it is still what the hash said.
  expect([one, other].map(lacksPodMessages)).toEqual([true, false]);
  const format = { segments: 1, bytes: 0, dropped: 0, gaps: [] };
  const [left] = exportOf('troupe', [{ ...one, ...format }], new MemoryHistory([]), {}, [
    { ...other, ...format },
  ]).recordings;
  const kept = left?.turns.flatMap(({ said }) => said) ?? [];
  expect(kept.map(({ body, hash }) => [body && decodeMsgpack(body), hash])).toEqual([
    [MAIL, one.turns.flatMap(({ said }) => said)[0]?.hash],
  ]);
  expect(withPodMessages(one, [one])).toEqual(one.turns);
});

it('what is not what the hash says is passed over, and so is what another start of the same actor heard', () => {
  const one = asker();
  const forged = server(one, { ...LARGE, kind: 'Pad' } as Json);
  expect(heardOf(new HeardElsewhere([() => [one, forged]]), one)).toBeUndefined();
  const again = { ...one, incarnation: { ...one.incarnation, incarnation: one.incarnation.incarnation + 1 } };
  expect(heardOf(new HeardElsewhere([() => [again]]), server(one))).toBeUndefined();
});

it('what is further away is read when it is needed, and once', async () => {
  const one = asker();
  const other = server(one);
  const read: string[] = [];
  const elsewhere = new HeardElsewhere(
    [
      () => [one],
      () => {
        read.push('beside');
        return [];
      },
    ],
    () => {
      read.push('rest');
      return Promise.resolve([one, other]);
    },
  );
  expect(heardOf(elsewhere, other)).toEqual(REFUSAL);
  expect(read).toEqual([]);
  expect(heardOf(elsewhere, one)).toBeUndefined();
  expect(read).toEqual(['beside']);
  expect(await elsewhere.complete()).toBe(true);
  expect(await elsewhere.complete()).toBe(false);
  expect(heardOf(elsewhere, one)).toEqual(LARGE);
  expect(read).toEqual(['beside', 'rest']);
});
