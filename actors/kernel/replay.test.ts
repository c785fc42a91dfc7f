import * as fc from 'fast-check';
import { concatMap, EMPTY, from, map, merge, mergeMap, of, timer } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { expect, it } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../contracts/codec/codec.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Checkpoint } from './contract.ts';
import { api, calls, defineActor, publish, watch } from './declare.ts';
import { hashOf } from './journal/hash.ts';
import { decodeSegment, encodeSegment, type RecordedTurn, saidThen } from './journal/journal.ts';
import type { Incarnation } from './journal/recorder.ts';
import { type Level, MemoryHistory, Player, replay, replayAndSettle } from './replay.ts';
import { TestWorld } from './testing/test-world.ts';
import type { Write } from './view/cache.ts';
import type { History } from './view/memory-history.ts';

/** Counts, waits, asks and draws lots: everything that a behaviour may lean on. */
const gambler = (stake = 1) =>
  defineActor({
    name: 'gambler',
    hears: { pods: watch('pods'), applies: calls(SUBJECTS.apply) },
    says: { create: api('create', 'pods'), tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) => {
      const bets = world.derived(
        'bets',
        (view) => view.list('pods').length,
        (count, change) => count + (change.after ? 1 : 0) - (change.before ? 1 : 0),
      );
      return merge(
        inputs.applies.pipe(map((call) => world.reply(call, { bets: bets(), luck: world.random(), at: world.now() }))),
        inputs.pods.pipe(
          mergeMap((changes) => from(changes)),
          mergeMap((change) => {
            const count = world.cell<number>(`count/${change.name}`, 0);
            count.set(count.get() + stake);
            return timer(Math.floor(world.random() * 50), world.scheduler).pipe(
              concatMap(() =>
                world.ask(world.say.create({ name: change.name }, { uid: world.uid(), count: count.get() }), {
                  timeoutMs: 100,
                }),
              ),
              map((answer) =>
                world.say.tell(
                  { caller: 'x' },
                  { answer, was: change.before !== undefined, is: change.after !== undefined, bets: bets() },
                ),
              ),
              catchError((error: Error) => of(world.say.tell({ caller: 'x' }, error.message))),
            );
          }),
        ),
        EMPTY,
      );
    },
  });

type Step =
  | { do: 'put' | 'remove'; name: string }
  | { do: 'call' | 'crash' | 'answer' | 'timeout' }
  | { do: 'wait'; ms: number };
const step = fc.oneof(
  fc.record({ do: fc.constantFrom('put' as const, 'remove' as const), name: fc.constantFrom('a', 'b', 'c') }),
  fc.record({ do: fc.constantFrom('call' as const, 'crash' as const, 'answer' as const, 'timeout' as const) }),
  fc.record({ do: fc.constant('wait' as const), ms: fc.nat(60) }),
);
const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } });

function record(steps: readonly Step[], { stateEvery = 0 }: { readonly stateEvery?: number } = {}) {
  const world = new TestWorld(gambler(), { seed: [7, 8, 9, 10] });
  const turns: RecordedTurn[] = [];
  const run = world.core.run.bind(world.core);
  world.core.run = (...args) => {
    const done = run(...args);
    turns.push({
      n: done.turn.n,
      now: done.turn.now,
      view: done.turn.view,
      rec: done.turn.rec,
      said: done.out.map(saidThen),
      ...(stateEvery > 0 && done.turn.n % stateEvery === 0 ? { state: world.core.state().state } : {}),
    });
    return done;
  };
  const writes: Write[] = [];
  const open: string[] = [];
  world.put('pods', pod('early'));
  writes.push({ key: storeKey('pods', 'default', 'early'), revision: 1, object: pod('early') });
  world.start();
  for (const s of steps) {
    if (s.do === 'put')
      writes.push({
        key: storeKey('pods', 'default', s.name),
        revision: world.put('pods', pod(s.name)),
        object: pod(s.name),
      });
    else if (s.do === 'remove')
      writes.push({ key: storeKey('pods', 'default', s.name), revision: world.remove('pods', 'default', s.name) });
    else if (s.do === 'call') world.call(SUBJECTS.apply, { caller: 'me', namespace: '' }, {});
    else if (s.do === 'wait') world.advance(s.ms);
    else if (s.do === 'crash') {
      if (world.core.openAsks === 0) world.settle().crash();
    } else {
      const id = open.shift();
      if (id !== undefined) world.answer(id, s.do === 'timeout' ? 'timeout' : { ok: true });
    }
    open.push(...world.said('create').map((heard) => heard.id));
  }
  world.settle();
  const incarnation: Incarnation = {
    self: world.core.self,
    incarnation: 1,
    config: null,
    seed: [7, 8, 9, 10],
    window: 0,
    node: '',
    icu: '',
    build: '',
    driver: false,
  };
  return { incarnation, turns, writes, history: new MemoryHistory(writes) };
}

it('whatever happened, a recording plays back identically, through its wire form too', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const { incarnation, turns, history } = record(steps);
      const stored = decodeSegment(encodeSegment({ incarnation, gap: 0, turns }));
      expect(replay(gambler(), stored.incarnation, stored.turns, history)).toEqual({
        turns: turns.length,
        skipped: 0,
        skips: [],
      });
    }),
    { numRuns: 60 },
  );
});

it('a replay may begin at any checkpoint', () => {
  const { incarnation, turns, history } = record([
    { do: 'put', name: 'a' },
    { do: 'wait', ms: 60 },
    { do: 'answer' },
    { do: 'answer' },
    { do: 'crash' },
    { do: 'put', name: 'b' },
    { do: 'call' },
    { do: 'wait', ms: 60 },
    { do: 'answer' },
  ]);
  const from_ = turns.findIndex((turn) => turn.rec.t === 'start' && turn.rec.checkpoint !== undefined);
  expect(from_).toBeGreaterThan(3);
  expect(replay(gambler(), incarnation, turns.slice(from_ - 2), history)).toEqual({
    turns: turns.length - from_,
    skipped: 2,
    skips: [expect.objectContaining({ why: 'start', turns: 2 })],
  });
});

it('a start is played whose view came over what the history has lost, if it looks back to after that', () => {
  const world = new TestWorld(gambler(), { seed: [7, 8, 9, 10] }).start();
  world.put('pods', pod('a'));
  world.settle().advance(60);
  while (world.core.openAsks > 0) for (const { id } of world.said('create')) world.answer(id, {});
  const before = world.turns.length;
  world.put('pods', pod('b'));
  world.put('pods', pod('c'));
  world.crash();
  const { incarnation, turns: all, writes } = world.recording();
  const start = all[before] as RecordedTurn & {
    readonly rec: { readonly t: 'start'; readonly checkpoint: Checkpoint };
  };
  expect([start.rec.t, start.view['objects']]).toEqual(['start', 3]);
  const rec = { ...start.rec, checkpoint: { ...start.rec.checkpoint, window: 3 } };
  const turns = [...all.slice(0, before), { ...start, rec }];
  const known = new MemoryHistory(writes);
  const history = (basedOn: boolean): History => ({
    writes: known.writes.bind(known),
    stateAt: known.stateAt.bind(known),
    missing: (to, from) => ((from === undefined ? !basedOn : from < 2 && to >= 2) ? { first: 2, last: 2 } : undefined),
  });
  expect(replay(gambler(), incarnation, turns, history(true))).toEqual({ turns: before + 1, skipped: 0, skips: [] });
  expect(replay(gambler(), incarnation, turns, history(false)).skipped).toBe(1);
});

/** A checkpoint after each of three pods. */
const CHECKPOINTS: readonly Step[] = [
  ...['a', 'b', 'c'].flatMap((name): readonly Step[] => [
    { do: 'put', name },
    { do: 'wait', ms: 60 },
    { do: 'answer' },
    { do: 'answer' },
    { do: 'crash' },
  ]),
  { do: 'call' },
];

it('turns that the recorder dropped are skipped up to the next checkpoint, and the rest plays back', () => {
  const { incarnation, turns, history } = record(CHECKPOINTS);
  const starts = turns.flatMap(({ rec }, at) => (rec.t === 'start' ? [at] : []));
  expect(starts.length).toBe(4);
  const [first, second, third] = starts.slice(1) as [number, number, number];
  const kept = turns.filter((_, at) => at !== first + 1);
  expect(replay(gambler(), incarnation, kept, history)).toEqual({
    turns: turns.length - (second - first - 1),
    skipped: second - first - 2,
    skips: [
      {
        from: first + 3,
        to: second,
        turns: second - first - 2,
        why: 'gap',
        what: '1 turn before is missing from the recording',
      },
    ],
  });
  expect(third).toBeGreaterThan(second);
});

it('names the first turn that today goes differently, with what was said then and now', () => {
  const { incarnation, turns, history } = record([
    { do: 'put', name: 'a' },
    { do: 'wait', ms: 60 },
  ]);
  const { divergence } = replay(gambler(2), incarnation, turns, history);
  expect(divergence?.what).toMatch(
    /thing 1 of \d said differs in its body: create on troupe\.api\.gambler\.create\.pods\._\.(a|early)/,
  );
  expect(divergence?.saidThen[0]?.hash).not.toBe(divergence?.saidNow[0]?.hash);
});

it.each([
  { level: 'strict', first: /thing 1 of 1 said differs in its body: create/ },
  { level: 'shape', first: undefined },
  { level: 'state', first: /the state in its cells differs from the recorded one/ },
] as { level: Level; first: RegExp | undefined }[])(
  'at level $level, bodies and cells that differ',
  ({ level, first }) => {
    const { incarnation, turns, history } = record([
      { do: 'put', name: 'a' },
      { do: 'wait', ms: 60 },
      { do: 'timeout' },
      { do: 'timeout' },
      { do: 'crash' },
    ]);
    const player = new Player(gambler(2), incarnation, history, undefined, level);
    const findings = turns.flatMap((turn) => player.play(turn)?.what ?? []);
    if (first === undefined) expect(findings).toEqual([]);
    else expect(findings[0]).toMatch(first);
  },
);

it('plays on after a turn that goes differently, each turn with what was heard then', () => {
  const { incarnation, turns, history } = record([{ do: 'put', name: 'a' }, { do: 'wait', ms: 60 }, { do: 'call' }]);
  const player = new Player(gambler(2), incarnation, history);
  const findings = turns.flatMap((turn) => player.play(turn)?.what ?? []);
  expect(findings).toHaveLength(2); // one for each object; what it answers to the call is the same
  expect(player.played).toBe(turns.length - 2);
});

it('revisions that the history has lost are told as such, and play goes on from the next checkpoint after them', () => {
  const { incarnation, turns, writes } = record(CHECKPOINTS);
  const whole = new MemoryHistory(writes);
  const b = writes.find(({ key }) => key.endsWith('.b'))!.revision;
  const last = writes.at(-1)!.revision;
  const bases = [{ revision: last, entries: [...whole.stateAt(last)] }];
  const torn = writes.filter(({ revision }) => revision !== b);
  const holes = [{ first: b, last: b }];
  const heardOfB = turns.find(({ view }) => (view['objects'] ?? 0) >= b)!.n;
  // The window of a test world's cache goes back to the beginning, so nothing can be known again.
  const {
    skips,
    divergence,
    turns: played,
  } = replay(gambler(), incarnation, turns, new MemoryHistory(torn, { holes }));
  expect(divergence).toBeUndefined();
  expect(played).toBe(heardOfB - 1);
  expect(skips[0]).toMatchObject({
    from: heardOfB,
    why: 'history',
    what: `the history has lost revision ${b} of the store`,
  });

  const later = turns.map((turn): RecordedTurn => {
    const { rec } = turn;
    if (rec.t !== 'start' || rec.checkpoint === undefined || (turn.view['objects'] ?? 0) < last) return turn;
    return { ...turn, rec: { ...rec, checkpoint: { ...rec.checkpoint, window: last } } };
  });
  const again = later.findIndex(({ rec }) => rec.t === 'start' && rec.checkpoint?.window === last);
  const resumed = replay(gambler(), incarnation, later, new MemoryHistory(torn, { holes, bases }));
  expect(resumed.divergence).toBeUndefined();
  expect(resumed.skips.map(({ from, to }) => [from, to])).toEqual([[heardOfB, later[again]!.n - 1]]);
});

it('a body in which only the encoding or the order of fields changed says the same', () => {
  const { incarnation, turns, history } = record([
    { do: 'put', name: 'a' },
    { do: 'wait', ms: 60 },
  ]);
  const at = turns.findIndex(({ said }) => said[0]?.body !== undefined);
  const then = turns[at]!.said[0]!;
  const reordered = (change: object): RecordedTurn[] => {
    const fields = Object.entries(decodeMsgpack(then.body!) as object).reverse();
    const body = encodeMsgpack({ ...Object.fromEntries(fields), ...change });
    const said = [{ ...then, body, hash: hashOf(then.kind, then.subject, body) }, ...turns[at]!.said.slice(1)];
    return turns.with(at, { ...turns[at]!, said });
  };
  expect(replay(gambler(), incarnation, reordered({}), history).divergence).toBeUndefined();
  expect(replay(gambler(), incarnation, reordered({ count: 7 }), history).divergence?.turn).toBe(turns[at]!.n);
});

it('a turn that recorded its state shows where the state goes astray, though nothing else is said', () => {
  const { incarnation, turns, history } = record([{ do: 'put', name: 'a' }, { do: 'call' }], { stateEvery: 1 });
  for (const level of ['strict', 'state'] as const)
    expect(replay(gambler(), incarnation, turns, history, undefined, level).divergence).toBeUndefined();
  expect(replay(gambler(2), incarnation, turns, history, undefined, 'shape').divergence).toBeUndefined();
  const { divergence } = replay(gambler(2), incarnation, turns, history, undefined, 'state');
  expect(divergence).toMatchObject({ turn: 2, what: 'the state in its cells differs from the recorded one' });
});

it('a mutated recording is a clear error', () => {
  const { incarnation, turns } = record([{ do: 'put', name: 'a' }]);
  const bytes = encodeSegment({ incarnation, gap: 0, turns });
  expect(() => decodeSegment(bytes.subarray(0, bytes.length - 3))).toThrow(/damaged or cut short/);
  expect(() => decodeSegment(new TextEncoder().encode('hello'))).toThrow(/read journal segment/);
});

const SOME: readonly Step[] = [{ do: 'put', name: 'a' }, { do: 'wait', ms: 60 }, { do: 'call' }];
type Behave = ReturnType<typeof gambler>['behave'];

it.each(['strict', 'shape', 'state'] as Level[])(
  'at level %s, a breach is the finding, not what comes of it',
  (level) => {
    const { incarnation, turns, history } = record([...SOME]);
    const honest = gambler();
    const behave: Behave = (inputs, world) =>
      honest.behave(inputs, world).pipe(map((said) => ({ ...said, body: Date.now() })));
    expect(replay({ ...honest, behave }, incarnation, turns, history, undefined, level).divergence?.what).toMatch(
      /^actor gambler, turn \d+: used Date\.now\(\) in operator map at .*replay\.test\.ts:/,
    );
  },
);

it('a use of the world after the turns is a divergence of the last, for who waits', async () => {
  const { incarnation, turns, history } = record([...SOME]);
  const honest = gambler();
  let poll = (): void => undefined;
  setImmediate(() => poll());
  const behave: Behave = (inputs, world) => {
    poll = () => void world.random();
    return honest.behave(inputs, world);
  };
  const late = await replayAndSettle({ ...honest, behave }, incarnation, turns, history);
  expect(late.divergence).toMatchObject({
    turn: turns.at(-1)!.n,
    what: expect.stringMatching(/^actor gambler, turn \d+: used world\.random\(\) outside a turn/) as string,
  });
  expect((await replayAndSettle(honest, incarnation, turns, history)).divergence).toBeUndefined();
});
