import { filter, map, mergeMap, tap } from 'rxjs';
import { expect, it, vi } from 'vitest';
import { type ActorDefinition, defineActor, publish, watch } from '../../../actors/kernel/declare.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { failingOver } from '../../../test/support/brittle.ts';
import { podNamed, RecordingWorld, recordScheduling } from '../../bench/make-recording.ts';
import { codeVersion } from '../compare/version.ts';
import { playUntilDivergence } from '../play/play.ts';
import type { TurnReport } from '../play/turn-report.ts';
import type { Playable } from '../read/playable.ts';
import { decodeRecordingFile, encodeRecordingFile } from '../read/recording-file.ts';
import { type Minimised, minimise } from './minimise.ts';
import { reduceTurns } from './plan-reduce.ts';

/** A scheduler of another mind about one node: what should go there goes elsewhere. */
const shy: ActorDefinition = {
  ...scheduler,
  behave: (inputs, world) => {
    const says = world.say as { bind: (target: object, body: { target: { name: string } }) => unknown };
    const bind = (target: object, body: { target: { name: string } }) =>
      says.bind(target, body.target.name === 'node-7' ? { ...body, target: { ...body.target, name: 'node-3' } } : body);
    return scheduler.behave(inputs, { ...world, say: { ...says, bind } });
  },
};
const whole = recordScheduling({ nodes: 12, pods: 80, batch: 3, checkpointTurns: 40 });
const before = playUntilDivergence(whole, shy);

const objectsOf = ({ history }: Minimised['playable']): number =>
  new Set([...history.all.map(({ key }) => key), ...(history.bases[0]?.entries ?? []).map(({ key }) => key)]).size;

it('a difference far into a recording shows in a few turns about a few objects', () => {
  expect(before.turns).toBeGreaterThan(5);
  const small = atOnce(minimise(whole, shy));
  expect(small?.outOfTime).toBe(false);
  const diffOf = (report: TurnReport | undefined) => report?.said.find(({ same }) => !same)?.diff;
  expect(diffOf(before.divergence)).not.toHaveLength(0);
  expect(diffOf(small?.divergence)).toEqual(diffOf(before.divergence));
  const { turns, history } = (small as Minimised).playable;
  expect(turns.length).toBeLessThanOrEqual(3);
  expect(objectsOf((small as Minimised).playable)).toBeLessThanOrEqual(4);

  // As a file it is played like any other: the same up to its last turn.
  const { incarnation } = whole;
  const content = { prefix: 'troupe', recordings: [{ incarnation, turns }], history };
  const file = decodeRecordingFile('small.troupe', Buffer.concat([...encodeRecordingFile(content)]));
  const playable = { incarnation, turns: file.recordings[0]?.turns ?? [], history: file.history };
  expect(playUntilDivergence(playable, shy)).toMatchObject({
    turns: turns.length - 1,
    divergence: { turn: turns.length },
  });
});

it('with the old code at hand, what was said then is what that code says of the smaller one too', () => {
  const small = atOnce(minimise(whole, shy, { old: (playable) => codeVersion('old', playable, scheduler) }));
  const { playable } = small as Minimised;
  const played = playUntilDivergence(playable, scheduler);
  expect(played).toMatchObject({ turns: playable.turns.length, skipped: 0, dropped: 0 });
  expect(played.divergence).toBeUndefined();
  expect(playUntilDivergence(playable, shy).divergence?.turn).toBe(playable.turns.length);
  expect(objectsOf(playable)).toBeLessThan(20);
});

/** Finds something wrong with each pod; once also says so of one. */
const complaining = (about?: string): ActorDefinition =>
  defineActor({
    name: 'complaining',
    hears: { pods: watch('pods') },
    says: { tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) =>
      inputs.pods.pipe(
        mergeMap((changes) => changes),
        tap(({ key }) => world.report(key, new Error('it is not to my taste'))),
        filter(({ name }) => name === about),
        map(({ name }) => world.say.tell({ caller: 'x' }, { name })),
      ),
  });

it('objects of which something was only reported are left out too', () => {
  const recording = new RecordingWorld(complaining());
  for (let at = 0; at < 8; at++) recording.put('pods', podNamed(`web-${at}`));
  recording.world.start().settle();
  const small = atOnce(minimise(recording.playable(), complaining('web-5')));
  expect(objectsOf((small as Minimised).playable)).toBe(1);
});

it('a turn that fails today still fails in the smaller recording', () => {
  const recording = new RecordingWorld(failingOver());
  recording.world.start().settle();
  for (let at = 0; at < 8; at++) {
    recording.put('pods', podNamed(`web-${at}`));
    recording.world.settle();
  }
  const { playable, divergence } = atOnce(minimise(recording.playable(), failingOver('web-3'))) as Minimised;
  expect(playable.turns.length).toBe(2); // the first is the start
  expect(objectsOf(playable)).toBe(1);
  expect(divergence).toMatchObject({ turn: 2, finding: expect.stringMatching(/fail/) });

  const content = { prefix: 'troupe', recordings: [playable], history: playable.history };
  const file = decodeRecordingFile('small.troupe', Buffer.concat([...encodeRecordingFile(content)]));
  const again = { ...playable, turns: file.recordings[0]?.turns ?? [], history: file.history };
  expect(playUntilDivergence(again, failingOver('web-3')).divergence).toMatchObject({ turn: 2 });
  expect(playUntilDivergence(again, failingOver()).divergence).toBeUndefined();
});

it('there is nothing to make smaller where nothing differs', () => {
  expect(atOnce(minimise(whole, scheduler))).toBeUndefined();
});

it('without time it gives what it has', () => {
  const small = atOnce(minimise(whole, shy, { goesOn: () => false }));
  expect(small).toMatchObject({ outOfTime: true, tries: 0 });
  expect(small?.divergence.turn).toBe(before.divergence?.turn);
});

it('a try among tens of thousands of objects costs about one look at each thing said', () => {
  const recorded = recordScheduling({ nodes: 4, pods: 2_000 });
  const objects = Array.from({ length: 20_000 }, (_, at) => storeKey('pods', 'default', `other-${at}`));
  const first = storeKey('pods', 'default', 'web-0');
  const parse = vi.spyOn(SUBJECTS.api, 'parse');
  const keys = new Set([...objects, first]);
  const left = reduceTurns(recorded.turns, recorded.incarnation.self.prefix, { turns: new Set(), keys });
  const said = recorded.turns.reduce((sum, turn) => sum + turn.said.length, 0);
  expect(parse.mock.calls.length).toBeLessThanOrEqual(said);
  parse.mockRestore();
  const about = (turns: Playable['turns']): number =>
    turns.flatMap((turn) => turn.said).filter(({ subject }) => subject.endsWith('.web-0')).length;
  expect(about(recorded.turns)).toBe(1);
  expect(about(left)).toBe(0);
});

it('and about one at each report', () => {
  const { turns, incarnation } = recordScheduling({ nodes: 4, pods: 200 });
  const reports = turns.map((turn) => {
    const subject = `sync pods default/web-${turn.n}`;
    return { ...turn, said: [{ kind: 'report', say: 'report', subject, hash: '', size: 0 } as const] };
  });
  const keys = new Set(Array.from({ length: 2_000 }, (_, at) => storeKey('pods', 'default', `web-${at + 3}`)));
  const endsWith = vi.spyOn(String.prototype, 'endsWith');
  const left = reduceTurns(reports, incarnation.self.prefix, { turns: new Set(), keys });
  const looks = endsWith.mock.calls.length;
  endsWith.mockRestore();
  expect(looks).toBeLessThanOrEqual(turns.length);
  expect(left.flatMap((turn) => turn.said).map(({ subject }) => subject)).toEqual([
    'sync pods default/web-1',
    'sync pods default/web-2',
  ]);
});
