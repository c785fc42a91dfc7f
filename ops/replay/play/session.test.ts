import * as fc from 'fast-check';
import { beforeAll, expect, it } from 'vitest';
import type { Rec } from '../../../actors/kernel/contract.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import { recordScheduling } from '../../bench/make-recording.ts';
import type { Playable } from '../read/playable.ts';
import { ReplaySession } from './session.ts';

/** Checkpoints every hundred turns or so, and frames for a few turns alone: every way of going back is taken. */
let playable: Playable;
beforeAll(() => {
  playable = recordScheduling({ nodes: 5, pods: 150, batch: 3, checkpointTurns: 100 });
});
const open = (framesMax = 20) => new ReplaySession(playable, scheduler, { framesMax });

/** Everything that there is to see. */
const seen = (session: ReplaySession) => ({
  position: session.position,
  frame: session.frame && { ...session.frame, timers: [], fired: [] }, // who set a timer is known as far as was played
  due: session.frame?.timers.map(({ due }) => due),
  cells: session.cells(),
  pods: session.view().list('pods'),
});

it('has checkpoints to go back to', () => {
  expect(playable.turns.length).toBeGreaterThan(300);
  expect(playable.turns.filter(({ rec }) => rec.t === 'start').length).toBeGreaterThan(2);
});

it('wherever it stands, a step forward and one back is where it stood', () => {
  const session = open();
  fc.assert(
    fc.property(fc.integer({ min: -1, max: playable.turns.length - 2 }), (at) => {
      session.goto(at);
      const before = seen(session);
      session.step();
      session.back();
      expect(seen(session)).toEqual(before);
    }),
    { numRuns: 60 },
  );
});

it('goes to a turn by any way, and sees there what somebody sees who played up to it', () => {
  const walker = open(1_000);
  const all: ReturnType<typeof seen>[] = [];
  walker.run(() => void all.push(seen(walker)));
  expect(all.length).toBe(playable.turns.length);
  const session = open(7);
  fc.assert(
    fc.property(fc.array(fc.nat(playable.turns.length - 1), { minLength: 1, maxLength: 4 }), (way) => {
      for (const at of way) session.goto(at);
      expect(seen(session)).toEqual(all[way.at(-1) ?? 0]);
    }),
    { numRuns: 60 },
  );
});

it('goes back to the beginning and stays there', () => {
  const session = open();
  session.step();
  session.step();
  expect(session.back()?.turn.n).toBe(1);
  expect(session.back()).toBeUndefined();
  expect(session.back()).toBeUndefined();
  expect(session.position).toBe(-1);
  expect(session.cells()).toEqual({});
  expect(session.step()?.turn.n).toBe(1);
});

it('stops where it is told, and at the end of the recording by itself', () => {
  const session = open();
  expect(session.run(({ turn }) => (turn.n === 50 ? 'there' : undefined))).toBe('there');
  expect(session.frame?.turn.n).toBe(50);
  expect(session.run(() => undefined)).toBeUndefined();
  expect(session.atEnd).toBe(true);
  expect(session.step()).toBeUndefined();
  expect(() => session.goto(playable.turns.length)).toThrow(/the recording has turns 0 to/);
});

it('knows what is awaited: answers, and timers with the turn that set them', () => {
  const session = open();
  const asking = session.run((frame) => (frame.asks.length > 0 ? frame : undefined));
  expect(asking?.asks[0]).toMatchObject({ say: 'bind', turn: asking?.turn.n, timeoutMs: 10_000 });
  const answered = session.run((frame) => (frame.turn.rec.t === 'answer' ? frame : undefined));
  expect(answered?.asks.map(({ id }) => id)).not.toContain(askOf(answered?.turn.rec));
});

it('tells what each turn does to the cells', () => {
  const session = open();
  const bound = session.run((frame) => (frame.says.some(({ said }) => said.say === 'bind') ? frame : undefined));
  expect(bound?.cells).toContainEqual({
    name: 'assumed/pods.default.web-0',
    before: undefined,
    after: { node: expect.stringMatching(/^node-/) as string, uid: 'web-0-uid' },
  });
});

const askOf = (rec: Rec | undefined): string | undefined => (rec?.t === 'answer' ? rec.ask : undefined);
