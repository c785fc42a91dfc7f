import { EMPTY, from, interval, map, merge, mergeMap, NEVER, of } from 'rxjs';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { api, calls, defineActor, inbox, publish, watch } from '../declare.ts';
import type { RecordedTurn } from '../journal/journal.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { Cache } from '../view/cache.ts';
import type { Asker, HostServices } from './host-services.ts';
import { LiveActor } from './live-actor.ts';

/* A live actor without a broker: its clock stands still, and what it sends is kept. */

beforeEach(() => {
  vi.useFakeTimers({ now: 1_000_000 });
});
afterEach(() => {
  vi.useRealTimers();
});

/** Does as it is told: tells of pods it hears of, asks, fails. */
const clerk = defineActor({
  name: 'clerk',
  hears: { pods: watch('pods'), orders: calls(SUBJECTS.apply) },
  says: { tell: publish(SUBJECTS.outcome), ask: api('get', 'nodes'), told: inbox() },
  behave: (inputs, world) =>
    merge(
      inputs.pods.pipe(
        mergeMap((changes) => from(changes.map(({ name }) => world.say.tell({ caller: 'pods' }, name)))),
      ),
      inputs.orders.pipe(
        mergeMap((call) => {
          const { order } = call.decode() as { order: string };
          if (order === 'fail') throw new Error('deliberate');
          if (order === 'report') {
            world.report('1-2-3', new Error('soon over'), { passing: true });
            world.report('1-2-3', new Error('refused'), { about: 'pod default/web' });
            world.report('list', new Error('no answer'));
            return EMPTY;
          }
          if (order === 'idle') return of(world.reply(call, order));
          if (order === 'inbox') return of(world.say.told(call.reply ?? '', order));
          return world.ask(world.say.ask({ name: order }), { timeoutMs: 1_000, lasts: order === 'lasts' }).pipe(
            map((answer) => {
              if ((answer as object as { fatal?: boolean }).fatal === true) throw new Error('deliberate');
              return world.say.tell({ caller: 'answers' }, [order, answer]);
            }),
          );
        }),
      ),
    ),
});

/** Tells the time every ten milliseconds, and answers orders. */
const clock = defineActor({
  name: 'clock',
  hears: { orders: calls(SUBJECTS.apply) },
  says: { tell: publish(SUBJECTS.outcome) },
  behave: (inputs, world) =>
    merge(
      interval(10, world.scheduler).pipe(map((n) => world.say.tell({ caller: 'time' }, n))),
      inputs.orders.pipe(map((call) => world.reply(call, 'done'))),
    ),
});

function office(definition = clerk) {
  const cache = new Cache();
  const sent: { out: Outgoing; asker: Asker }[] = [];
  const turns: Pick<RecordedTurn, 'n' | 'rec'>[] = [];
  const incarnations = new Set<number>();
  const escalated: string[] = [];
  const log: string[] = [];
  let awake = false;
  const host: HostServices = {
    sendBytes: () => undefined,
    ambient: { now: () => Date.now(), seed: () => [1, 2, 3, 4] },
    cache,
    options: {
      prefix: 'troupe',
      caller: 'system',
      build: 'test',
      log: (line) => log.push(line),
      recorder: {
        record: ({ incarnation }, turn) => {
          incarnations.add(incarnation);
          turns.push(turn);
        },
        flush: async () => undefined,
      },
      onEscalation: ({ actor }) => void escalated.push(actor),
    },
    wake: () => {
      awake = true;
    },
    wakeToChanges: (actor) => actor.tellChanges(),
    send: (out, _from, _cause, asker) => {
      sent.push({ out, asker });
      return undefined;
    },
  };
  const actor = new LiveActor(host, definition, 'one', undefined);
  let revision = 0;
  const responses: unknown[] = [];
  return {
    actor,
    turns,
    incarnations,
    escalated,
    log,
    responses,
    work: () => {
      for (let round = 0; awake && round < 1_000; round++) {
        awake = false;
        if (actor.runInbox(Number.POSITIVE_INFINITY)) awake = true;
      }
    },
    put: (name: string) => {
      const object: Pod = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } };
      revision += 1;
      actor.noteChange(cache.apply({ key: storeKey('pods', 'default', name), revision, object }));
    },
    order: (order: string) =>
      actor.heard({
        subject: 'troupe.apply.me._',
        data: encodeMsgpack({ order }),
        reply: `_INBOX.me.${order}`,
        respond: (data) => responses.push(decodeMsgpack(data)) > 0,
      }),
    told: (caller: string) =>
      sent
        .filter(({ out }) => out.said.subject === `troupe.outcome.${caller}`)
        .map(({ out }) => decodeMsgpack(out.bytes)),
    /** The newest question that is on its way. */
    question: () => sent.filter(({ out }) => out.timeoutMs !== undefined).at(-1),
    replies: () => sent.filter(({ out }) => out.said.kind === 'reply').map(({ out }) => decodeMsgpack(out.bytes)),
  };
}

it('an actor that failed hears of what changed while it was down, and of what changes later', () => {
  const { actor, put, order, work, told } = office();
  actor.start();
  order('fail');
  work();
  put('meanwhile');
  work();
  vi.advanceTimersByTime(1_000);
  work();
  put('later');
  work();
  expect(told('pods')).toEqual(['meanwhile', 'later']);
  expect(actor.stats()).toMatchObject({ restarts: 1 });
});

it('an answer to a question of before a failure is not taken for the answer to one of after it', () => {
  const { actor, order, work, told, question } = office();
  actor.start();
  order('first'); // turn 2, question 2.0
  work();
  const before = question();
  order('fail');
  work();
  vi.advanceTimersByTime(1_000);
  order('second'); // turn 2 of the new incarnation, question 2.0 again
  work();
  expect(question()?.out.id).toBe(before?.out.id);
  before?.asker.answered(before.out.id, encodeMsgpack({ of: 'before' }), {});
  work();
  expect(told('answers')).toEqual([]);
  const after = question();
  after?.asker.answered(after.out.id, encodeMsgpack({ of: 'after' }), {});
  work();
  expect(told('answers')).toEqual([['second', { of: 'after' }]]);
});

it('a failure while calls are held back for a checkpoint holds none back for ever', () => {
  const { actor, order, work, replies, question, responses } = office();
  actor.start();
  order('asks'); // while its question is open no checkpoint can be taken
  for (let n = 0; n < 4_200; n++) order('idle');
  work();
  order('held');
  const open = question();
  open?.asker.answered(open.out.id, encodeMsgpack({ fatal: true }), {});
  work();
  expect(responses).toMatchObject([{ code: 504 }, { code: 503 }]);
  vi.advanceTimersByTime(1_000);
  work();
  const count = replies().length;
  order('idle');
  work();
  expect(replies().length).toBe(count + 1);
});

it('an ask that may last keeps no checkpoint back', () => {
  const { actor, order, work, question, turns } = office();
  const asksOf = () =>
    turns.flatMap(({ rec }) =>
      rec.t === 'start' && rec.checkpoint !== undefined ? [rec.checkpoint.asks?.length] : [],
    );
  actor.start();
  order('lasts');
  work();
  const open = question();
  for (let n = 0; n < 4_200; n++) order('idle');
  work();
  expect(asksOf()).toEqual([1]);
  open?.asker.answered(open.out.id, encodeMsgpack({}), {});
  work();
  for (let n = 0; n < 4_200; n++) order('idle');
  work();
  expect(asksOf()).toEqual([1, undefined]);
});

it('a checkpoint that an open ask kept back is taken as soon as none is open', () => {
  const { actor, order, work, question, replies, turns } = office();
  const checkpoints = () => turns.filter(({ rec }) => rec.t === 'start' && rec.checkpoint !== undefined).length;
  actor.start();
  order('asks');
  for (let n = 0; n < 4_200; n++) order('idle');
  work();
  order('idle');
  work();
  expect([checkpoints(), replies().length]).toEqual([0, 4_200]); // held back
  vi.advanceTimersByTime(150);
  work();
  order('idle');
  work();
  expect([checkpoints(), replies().length]).toEqual([0, 4_202]); // no longer
  const open = question();
  open?.asker.answered(open.out.id, encodeMsgpack({}), {});
  work();
  expect(checkpoints()).toBe(1);
});

it('a question that finds the actor down is refused, not lost', () => {
  const { actor, order, work, responses } = office();
  actor.start();
  order('fail');
  order('idle');
  work();
  expect(responses).toMatchObject([
    { reason: 'Timeout', code: 504, message: expect.stringMatching(/^clerk restarted while it handled this request;/) },
    { reason: 'ServiceUnavailable', code: 503 },
  ]);
});

it('a question in hand when it begins anew is told that nobody knows what came of it; one that was answered is not', () => {
  const { actor, put, order, work, question, responses } = office();
  actor.start();
  put('pod');
  for (const each of ['idle', 'asking']) order(each);
  work();
  const before = question();
  actor.relisted();
  expect(responses).toMatchObject([{ reason: 'Timeout', code: 504 }]);
  work();
  before?.asker.answered(before.out.id, encodeMsgpack({}), {});
  work();
  actor.relisted();
  expect(responses).toHaveLength(1);
});

it('gives account of what it answered, however: the first that is said where the answer goes is one', () => {
  const { actor, order, work } = office();
  actor.start();
  for (const each of ['idle', 'inbox', 'unanswered']) order(each);
  work();
  expect(actor.stats()).toMatchObject({ answered: 2, errors: 0 });
});

it('the first turn is the start, whatever came before', () => {
  const { actor, put, work, turns, told } = office();
  put('early');
  work();
  actor.start();
  work();
  expect(turns.map(({ rec }) => rec.t)).toEqual(['start', 'change']);
  expect(told('pods')).toEqual(['early']);
});

it('every beginning is an incarnation of its own, also two within a millisecond', () => {
  const { actor, work, turns, incarnations } = office();
  actor.start();
  work();
  actor.relisted();
  work();
  actor.relisted();
  work();
  expect(turns.map(({ n, rec }) => [n, rec.t])).toEqual([1, 1, 1].map((n) => [n, 'start']));
  expect([...incarnations]).toEqual([1_000_000, 1_000_001, 1_000_002]);
});

it('an actor that fails soon after each start is told of, and comes back later and later', () => {
  const { actor, order, work, escalated } = office();
  actor.start();
  const failsAgain = (): void => {
    order('idle'); // goes well
    order('fail');
    work();
  };
  for (let times = 0; times < 4; times++) {
    failsAgain();
    vi.advanceTimersByTime(1_000);
    work();
  }
  expect([escalated.length, actor.stats().restarts]).toEqual([0, 4]);
  failsAgain();
  expect(escalated).toEqual(['clerk']);
  vi.advanceTimersByTime(500);
  work();
  expect(actor.stats().restarts).toBe(4); // not yet
  vi.advanceTimersByTime(1_500);
  work();
  vi.advanceTimersByTime(60_000);
  failsAgain(); // after a good minute it counts anew
  vi.advanceTimersByTime(100);
  work();
  expect([escalated.length, actor.stats().restarts]).toEqual([1, 6]);
});

it('a quiet actor takes a checkpoint every quarter of an hour, and its view looks back to the one before', () => {
  const { actor, put, work, turns } = office();
  const windows = (): unknown[] =>
    turns.flatMap(({ rec }) => (rec.t === 'start' ? [rec.checkpoint?.window ?? 'fresh'] : []));
  actor.start();
  for (const name of ['a', 'b', 'c', 'd', 'e', 'f', 'g']) {
    put(name); // revisions 1 to 7, one every five minutes
    work();
    vi.advanceTimersByTime(300_000);
  }
  // After d, at a quarter of an hour, and after g: back to its beginning, then to what d's checkpoint saw.
  expect(windows()).toEqual(['fresh', 0, 4]);
});

it('one that is told of nothing takes checkpoints while others work, so that none looks back to before its rest', () => {
  const deaf = defineActor({
    name: 'deaf',
    hears: { pods: watch('pods', { concerns: () => false }) },
    says: {},
    behave: () => NEVER,
  });
  const { actor, put, work, turns } = office(deaf);
  actor.start();
  work();
  for (let quarter = 0; quarter < 8; quarter++) {
    for (const name of ['a', 'b', 'c']) put(name);
    work();
    vi.advanceTimersByTime(900_000);
  }
  const windows = turns.flatMap(({ rec }) => (rec.t === 'start' && rec.checkpoint ? [rec.checkpoint.window] : []));
  expect(windows).toEqual([0, 6, 9, 12, 15, 18, 21]);
  vi.advanceTimersByTime(9_000_000);
  work();
  expect(turns).toHaveLength(1 + windows.length); // nothing changes, so it rests
});

it('timers that are due wait once in a long inbox, however often it is interrupted', () => {
  const { actor, order, turns, told } = office(clock);
  actor.start();
  actor.runInbox(Number.POSITIVE_INFINITY);
  for (let n = 0; n < 400; n++) order('idle');
  for (let more = true; more; vi.advanceTimersByTime(10)) more = actor.runInbox(0);
  expect(turns.filter(({ rec }) => rec.t === 'due').length).toBe(told('time').length);
});

describe('who begins anew', () => {
  /** Keeps each order, and tells what is left of those before. */
  const keeper = defineActor({
    name: 'keeper',
    hears: {
      pods: watch('pods'),
      orders: calls(SUBJECTS.apply),
      left: calls(SUBJECTS.left, { fixed: { instance: 'one' }, cells: 'kept.' }),
    },
    says: { tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) =>
      merge(
        inputs.pods.pipe(mergeMap((changes) => changes.map(({ name }) => world.say.tell({ caller: 'left' }, name)))),
        inputs.orders.pipe(
          mergeMap((call) => {
            const { order } = call.decode() as { order: string };
            world.cell<number>('other', 0).set(1);
            if (order === 'fail') throw new Error('deliberate');
            world.cell<string>(`kept.${order}`, '').set(order);
            return [];
          }),
        ),
        inputs.left.pipe(map((call) => world.say.tell({ caller: 'left' }, call.decode()))),
      ),
  });

  it.each(['relisted', 'failed'])('hears first what was in its cells: %s', (how) => {
    const { actor, put, order, work, told, turns } = office(keeper);
    actor.start();
    put('pod');
    work();
    for (const each of ['b', 'a']) order(each);
    work();
    const before = turns.length;
    if (how === 'failed') order('fail');
    else actor.relisted();
    work();
    vi.advanceTimersByTime(1_000);
    work();
    expect(told('left')).toEqual(['pod', { 'kept.a': 'a', 'kept.b': 'b' }, 'pod']);
    expect(turns.slice(how === 'failed' ? before + 1 : before).map(({ n, rec }) => [n, rec.t])).toEqual([
      [1, 'start'],
      [2, 'call'],
      [3, 'change'],
    ]);
    actor.relisted(); // it has kept nothing since
    work();
    expect(told('left')).toHaveLength(4);
    expect(actor.stats()).toMatchObject({ restarts: 2, refused: 0 });
  });
});

it('what is reported of a key is logged with what the key stands for, unless it will pass', () => {
  const { actor, order, work, log } = office();
  actor.start();
  order('report');
  work();
  expect(log).toEqual(['warning: clerk/one: pod default/web (1-2-3): refused', 'warning: clerk/one: list: no answer']);
});
