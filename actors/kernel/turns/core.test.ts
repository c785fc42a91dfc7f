import { concatMap, delay, from, interval, map, merge, mergeMap, type Observable, of, timer } from 'rxjs';
import { catchError, retry } from 'rxjs/operators';
import { describe, expect, it } from 'vitest';
import { statusError } from '../../../contracts/errors/status.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Said, World } from '../contract.ts';
import { api, calls, defineActor, publish, type Says, watch } from '../declare.ts';
import { testWorld } from '../testing/test-world.ts';
import { describeViolation } from './violation.ts';

const pod = (name: string, extra: Partial<Pod> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, ...extra }) as Pod;
const says = { create: api('create', 'pods'), beat: publish(SUBJECTS.outcome) };
type W = World<Says<typeof says>>;
const actor = (behave: (pods: Observable<string>, world: W) => Observable<Said<unknown>>) =>
  defineActor({
    name: 'probe',
    hears: { pods: watch('pods'), applies: calls(SUBJECTS.apply) },
    says,
    behave: (inputs, world) =>
      merge(
        behave(inputs.pods.pipe(mergeMap((changes) => from(changes.map((change) => change.name)))), world),
        inputs.applies.pipe(map((call) => world.reply(call, { echo: call.decode() }))),
      ),
  });
const beat = (world: W, body: unknown) => world.say.beat({ caller: 'me' }, body);

describe('turns', () => {
  it('tells changes once, coalesced, in key order, with what the actor knew before', () => {
    const seen: unknown[] = [];
    const world = testWorld(
      defineActor({
        name: 'probe',
        hears: { pods: watch('pods') },
        says,
        behave: (inputs) =>
          inputs.pods.pipe(
            mergeMap((c) => (seen.push(c.map((x) => [x.name, x.before !== undefined, x.after !== undefined])), of())),
          ),
      }),
    );
    world.put('pods', pod('b'));
    world.put('pods', pod('a'));
    world.put('configmaps', pod('c'));
    world.start();
    world.put('pods', pod('a'));
    world.remove('pods', 'default', 'b');
    world.put('pods', pod('z'));
    world.remove('pods', 'default', 'z');
    world.settle();
    expect(seen).toEqual([
      [
        ['a', false, true],
        ['b', false, true],
      ],
      [
        ['a', true, true],
        ['b', true, false],
      ],
    ]);
  });

  it('an ask ends in one answer turn, a refusal and a deadline are errors that operators can retry', () => {
    const world = testWorld(
      actor((names, w) =>
        names.pipe(
          concatMap((name) =>
            w.ask(w.say.create({ namespace: 'x', name }, {}), { timeoutMs: 50 }).pipe(
              retry({ count: 1, delay: () => timer(1000, w.scheduler) }),
              map(() => beat(w, `made ${name}`)),
              catchError((error: Error) => of(beat(w, error.message))),
            ),
          ),
        ),
      ),
    );
    world.put('pods', pod('a'));
    world.start();
    const [first] = world.said('create');
    world.answer(first!, 'timeout');
    expect(world.said()).toEqual([]);
    world.advance(999);
    expect(world.said()).toEqual([]);
    world.advance(1);
    const [second] = world.said('create');
    world.answer(second!, statusError('Forbidden', 'no').status);
    expect(world.said().map((heard) => heard.body)).toEqual(['no']);
  });

  it('answers in the encoding of the question', () => {
    const world = testWorld(actor(() => of()).valueOf() as ReturnType<typeof actor>);
    expect(() => world.start()).not.toThrow();
    world.callSubject('troupe.apply.me._', new TextEncoder().encode('{"a":1}'));
    expect(world.said('reply').map((heard) => [heard.body, heard.headers?.['Content-Type']])).toEqual([
      [{ echo: { a: 1 } }, 'application/json'],
    ]);
  });
});

describe('a rehearsed crash', () => {
  it('leaves cells, clock and random numbers, and the same inputs go on to the same outputs', () => {
    const counting = () =>
      testWorld(
        actor((names, w) =>
          names.pipe(
            map((name) => {
              const count = w.cell<number>(`count/${name}`, 0);
              count.set(count.get() + 1);
              return beat(w, [name, count.get(), w.random(), w.uid()]);
            }),
          ),
        ),
      ).start();
    const drive = (crash: boolean) => {
      const world = counting();
      for (let i = 0; i < 5; i++) {
        world.put('pods', pod(`p${i % 2}`));
        world.settle();
        if (crash) world.crash();
      }
      return world.said().map((heard) => heard.body);
    };
    expect(drive(true)).toEqual(drive(false));
  });
});

describe('the guard names actor and operator of', () => {
  const breach = (behave: Parameters<typeof actor>[0]): string => {
    const world = testWorld(actor(behave));
    world.put('pods', pod('a'));
    expect(() => world.start()).toThrow();
    expect(world.core.stopped).toBe(true);
    return describeViolation(world.violations[0]!);
  };
  it.each([
    {
      what: 'Date.now()',
      says: /actor probe, turn 2: used Date.now\(\) in operator map at .*core\.test\.ts/,
      behave: (names: never, w: W) => (names as Observable<string>).pipe(map(() => beat(w, Date.now()))),
    },
    {
      what: 'an ambient random',
      says: /used Math.random\(\) in operator map/,
      behave: (names: never, w: W) => (names as Observable<string>).pipe(map(() => beat(w, Math.random()))),
    },
    {
      what: 'a promise inside a pipeline',
      says: /used a promise in operator mergeMap\/concatMap/,
      behave: (names: never, w: W) => (names as Observable<string>).pipe(concatMap(async (name) => beat(w, name))),
    },
    {
      what: 'an operator on a default scheduler',
      says: /used setInterval\(\) in operator timer/,
      behave: (names: never, w: W) =>
        (names as Observable<string>).pipe(
          delay(5),
          map((name) => beat(w, name)),
        ),
    },
    {
      what: 'a bare interval',
      says: /used setInterval\(\)/,
      behave: (_: never, w: W) => interval(5).pipe(map((n) => beat(w, n))),
    },
  ])('$what', ({ says: expected, behave }) => {
    expect(breach(behave as never)).toMatch(expected);
  });

  it('a mutated cache object: the turn fails and the object stays', () => {
    const world = testWorld(
      defineActor({
        name: 'mutator',
        hears: { pods: watch('pods') },
        says,
        behave: (inputs, w) =>
          inputs.pods.pipe(
            map(([changed]) => {
              (changed!.after as { kind?: string }).kind = 'Mutant';
              return w.say.beat({ caller: 'x' }, 1);
            }),
          ),
      }),
    );
    world.put('pods', pod('a'));
    expect(() => world.start()).toThrow(/Cannot assign to read only property/);
    expect(world.cache.get('pods', 'default', 'a')?.kind).toBe('Pod');
  });
});
