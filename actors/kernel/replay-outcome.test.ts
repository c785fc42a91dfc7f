import { EMPTY, from, map, mergeMap, of } from 'rxjs';
import { describe, expect, it } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { ReportNote } from './contract.ts';
import { defineActor, publish, watch } from './declare.ts';
import { decodeSegment, encodeSegment } from './journal/journal.ts';
import { type Level, MemoryHistory, replay } from './replay.ts';
import { TestWorld } from './testing/test-world.ts';

/*
 * Goal: what went wrong in a turn is part of how it went: code that fails, or reports a key, where it did not then, is named,
 * though it would have said nothing anyway. Method: an actor that says little, recorded and played with other faults.
 */
type Fault = 'throws' | 'reports';

/** Tells of pods named `loud` alone. */
const listener = (faults: Readonly<Record<string, Fault>> = {}, message = 'no such helper', note?: ReportNote) =>
  defineActor({
    name: 'listener',
    hears: { pods: watch('pods') },
    says: { tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) =>
      inputs.pods.pipe(
        mergeMap((changes) => from(changes)),
        mergeMap(({ name, key }) => {
          if (faults[name] === 'throws') throw new TypeError(message);
          if (faults[name] === 'reports') world.report(key, new Error(message), note);
          return name === 'loud' ? of(name) : EMPTY;
        }),
        map((name) => world.say.tell({ caller: 'x' }, { name })),
      ),
  });

const pod = (name: string): Pod => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } });

function record(actor: ReturnType<typeof listener>, names: readonly string[]) {
  const world = new TestWorld(actor).start();
  try {
    for (const name of names) {
      world.put('pods', pod(name));
      world.settle();
    }
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError); // it has failed: a recording ends there
  }
  const { incarnation, turns, writes } = world.recording();
  const kept = decodeSegment(encodeSegment({ incarnation, gap: 0, turns }));
  return { ...kept, history: new MemoryHistory(writes) };
}

const LEVELS: readonly Level[] = ['strict', 'shape', 'state'];

describe.each(LEVELS)('checked by %s', (level) => {
  const played = (actor: ReturnType<typeof listener>, recording: ReturnType<typeof record>) =>
    replay(actor, recording.incarnation, recording.turns, recording.history, undefined, level);

  it('a turn that fails today where it said nothing then is named', () => {
    const recording = record(listener(), ['a', 'b', 'c']);
    expect(played(listener(), recording)).toMatchObject({ turns: 4 });
    const { divergence, turns } = played(listener({ b: 'throws' }), recording);
    expect([turns, divergence]).toMatchObject([2, { turn: 3, what: 'now the turn fails: no such helper' }]);
  });

  it('a turn that failed then, and does not today, is named', () => {
    const recording = record(listener({ b: 'throws' }), ['a', 'b', 'c']);
    expect(recording.turns).toHaveLength(3);
    expect(played(listener({ b: 'throws' }), recording)).toMatchObject({ turns: 3 });
    expect(played(listener(), recording).divergence?.what).toBe('then the turn failed: no such helper');
  });
});

it('a key that is reported today, or was then, is named', () => {
  const quiet = record(listener(), ['a']);
  const faulty = record(listener({ a: 'reports' }), ['a']);
  const findings = (actor: ReturnType<typeof listener>, { incarnation, turns, history }: typeof quiet) =>
    LEVELS.map((level) => replay(actor, incarnation, turns, history, undefined, level).divergence?.what);
  const today = 'now it also makes a report of pods.default.a';
  expect(findings(listener({ a: 'reports' }), quiet)).toEqual([today, today, undefined]);
  expect(findings(listener({ a: 'reports' }), faulty)).toEqual([undefined, undefined, undefined]);
  const inOtherWords = listener({ a: 'reports' }, undefined, { about: 'pod default/a' });
  expect(findings(inOtherWords, faulty)).toEqual([undefined, undefined, undefined]);
  const then = 'then it said 1 things, now 0: missing is a report of pods.default.a';
  expect(findings(listener(), faulty)).toEqual([then, then, undefined]);
  expect(findings(listener({ a: 'reports' }, 'another'), faulty)[0]).toBe(
    'thing 1 of 1 said differs in its body: a report of pods.default.a',
  );
});

it('a turn that says something else and fails is named for both', () => {
  const { incarnation, turns, history } = record(listener(), ['a', 'loud', 'b']);
  const today = listener({ loud: 'throws' });
  expect(replay(today, incarnation, turns, history).divergence?.what).toBe(
    'then it said 1 things, now 0: missing is tell on troupe.outcome.x; now the turn fails: no such helper',
  );
});
