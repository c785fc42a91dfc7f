import { Console } from 'node:console';
import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { concatMap, from, interval, map, merge, mergeMap, NEVER, type Observable, of, timer } from 'rxjs';
import {
  auditTime,
  catchError,
  debounceTime,
  delay,
  retry,
  sampleTime,
  tap,
  throttleTime,
  timeout,
} from 'rxjs/operators';
import { describe, expect, it } from 'vitest';
import { statusError } from '../../../contracts/errors/status.ts';
import type { Pod } from '../../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Said, World } from '../contract.ts';
import { api, calls, defineActor, publish, watch } from '../declare.ts';
import { testWorld } from '../testing/test-world.ts';
import { describeViolation } from './violation.ts';

const pod = (name: string, extra: Partial<Pod> = {}): Pod =>
  ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' }, ...extra }) as Pod;
const says = { create: api('create', 'pods'), beat: publish(SUBJECTS.outcome) };
type W = World<typeof says>;
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
const ready = Promise.resolve({} as Said<unknown>);
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
      what: 'a promise that goes on by itself',
      says: /used a promise in operator tap at .*core\.test\.ts/,
      behave: (names: never, w: W) =>
        (names as Observable<string>).pipe(
          tap(() => {
            void ready.then(() => {
              w.random();
              throw new Error('nobody catches this');
            });
          }),
          map((name) => beat(w, name)),
        ),
    },
    {
      what: 'a promise from elsewhere',
      says: /used a promise in operator mergeMap\/concatMap/,
      behave: (names: never) => (names as Observable<string>).pipe(mergeMap(() => ready)),
    },
    {
      what: 'an ambient timer that uses the world',
      says: /used setTimeout\(\) in operator tap at .*core\.test\.ts/,
      behave: (names: never, w: W) =>
        (names as Observable<string>).pipe(
          tap(() => setTimeout(() => w.random())),
          map((name) => beat(w, name)),
        ),
    },
    {
      what: "Node's own randomness",
      says: /used crypto\.randomBytes\(\) in operator map/,
      behave: (names: never, w: W) => (names as Observable<string>).pipe(map(() => beat(w, randomBytes(4)))),
    },
    ...[
      { name: 'delay', used: 'setInterval()', operator: delay<string>(5) },
      { name: 'debounceTime', used: 'Date.now()', operator: debounceTime<string>(5) },
      { name: 'throttleTime', used: 'setInterval()', operator: throttleTime<string>(5) },
      { name: 'auditTime', used: 'setInterval()', operator: auditTime<string>(5) },
      { name: 'sampleTime', used: 'setInterval()', operator: sampleTime<string>(5) },
      { name: 'timeout', used: 'setInterval()', operator: timeout<string, Observable<string>>({ each: 5 }) },
    ].map(({ name, used, operator }) => ({
      what: `${name} on a default scheduler`,
      says: new RegExp(`used ${used.replace(/[()]/g, '\\$&')} in operator (\\w+/)?${name}(/\\w+)?$`),
      behave: (names: never, w: W) =>
        (names as Observable<string>).pipe(
          operator,
          map((one) => beat(w, one)),
        ),
    })),
    {
      what: 'a timer, as such',
      says: /used setInterval\(\) in operator timer$/,
      behave: (names: never, w: W) =>
        (names as Observable<string>).pipe(mergeMap((name) => timer(5).pipe(map(() => beat(w, name))))),
    },
    {
      what: 'a bare interval',
      says: /used setInterval\(\)/,
      behave: (_: never, w: W) => interval(5).pipe(map((n) => beat(w, n))),
    },
  ])('$what', ({ says: expected, behave }) => {
    expect(breach(behave as never)).toMatch(expected);
  });

  it.each([
    {
      what: 'a field set',
      mutate: (object: Pod) => Object.assign(object, { kind: 'Mutant' }),
      finding: "Cannot assign to read only property 'kind' of object '#<Object>'",
    },
    {
      what: 'a field added',
      mutate: (object: Pod) => Object.assign(object.metadata!, { labels: {} }),
      finding: 'Cannot add property labels, object is not extensible',
    },
    {
      what: 'a field deleted',
      mutate: (object: Pod) => Reflect.deleteProperty(object, 'kind') || delete (object as { kind?: string }).kind,
      finding: "Cannot delete property 'kind' of #<Object>",
    },
    {
      what: 'a list grown',
      mutate: (object: Pod) => (object.metadata!.finalizers as string[]).push('x'),
      finding: 'Cannot add property 1, object is not extensible',
    },
  ])('a mutated cache object: $what; and the object stays', ({ mutate, finding }) => {
    const world = testWorld(
      defineActor({
        name: 'mutator',
        hears: { pods: watch('pods') },
        says,
        behave: (inputs, w) =>
          inputs.pods.pipe(
            map(([changed]) => {
              mutate(changed!.after as Pod);
              return w.say.beat({ caller: 'x' }, 1);
            }),
          ),
      }),
    );
    const object = pod('a', { metadata: { name: 'a', namespace: 'default', finalizers: ['y'] } });
    world.put('pods', object);
    expect(() => world.start()).toThrow(finding);
    expect(world.violations.map(({ at, ...rest }) => ({ ...rest, here: at?.includes('core.test.ts:') }))).toEqual([
      {
        actor: 'mutator',
        turn: 2,
        what: `changed an object of the cache or of a cell, which is frozen here (${finding})`,
        operator: 'map',
        here: true,
      },
    ]);
    expect(world.cache.get('pods', 'default', 'a')).toMatchObject(object);
  });

  it('a mutation that a controller reports and lives with', () => {
    const world = testWorld(
      actor((names, w) =>
        names.pipe(
          map((name) => {
            try {
              Object.assign(w.view.get('pods', 'default', name)!, { kind: 'Mutant' });
            } catch (error) {
              w.report(name, error);
            }
            return beat(w, name);
          }),
        ),
      ),
    );
    world.put('pods', pod('a'));
    expect(() => world.start()).toThrow(/actor probe, turn 2: changed an object .* in operator map/);
  });

  it('a mutation that an operator makes a refusal of', () => {
    const world = testWorld(
      actor((names, w) =>
        names.pipe(
          map((name) => beat(w, Object.assign(w.view.get('pods', 'default', name)!, { kind: 'Mutant' }))),
          catchError((error: Error) => of(beat(w, error.message))),
        ),
      ),
    );
    world.put('pods', pod('a'));
    expect(() => world.start()).toThrow(
      /actor probe, turn 2: changed an object .* in operator map at .*core\.test\.ts:/,
    );
    expect(world.said()).toEqual([]);
  });

  it('a use of the world after the turn, which is told and not thrown: nobody could catch it', () => {
    let late: (() => unknown) | undefined;
    const world = testWorld(
      actor((_, w) => {
        late = () => [w.random(), w.now(), w.uid()];
        return NEVER;
      }),
    ).start();
    expect(late).not.toThrow();
    expect(world.core.stopped).toBe(true);
    expect(world.violations.map(describeViolation)).toEqual([
      expect.stringMatching(
        /^actor probe, turn 1: used world\.random\(\) outside a turn \(a promise or an ambient timer came in between\)/,
      ),
    ]);
  });

  it('nothing else: a console is no breach', () => {
    const onLooking = new Console(new PassThrough());
    const world = testWorld(
      actor((names, w) =>
        names.pipe(
          map((name) => {
            onLooking.log('a look inside');
            return beat(w, name);
          }),
        ),
      ),
    );
    world.put('pods', pod('a'));
    expect(world.start().said()).toHaveLength(1);
  });
});
