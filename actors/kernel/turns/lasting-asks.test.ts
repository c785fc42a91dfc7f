import fc from 'fast-check';
import { defer, EMPTY, from, merge, type Observable } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { expect, it } from 'vitest';
import { family } from '../../../contracts/subjects/family.ts';
import type { Call, Said } from '../contract.ts';
import { calls, defineActor, publish, request } from '../declare.ts';
import { replay } from '../replay.ts';
import { MemoryHistory } from '../view/memory-history.ts';
import { type Heard, TestWorld } from '../testing/test-world.ts';

/*
 * Goal: a checkpoint while a request is under way that may last changes nothing that the actor says.
 * Method: an actor that keeps its jobs in a cell asks for each until it is answered, and publishes the outcome.
 */

const JOB = family<{ readonly job: string }>()('jobs.<job>', { mode: 'publish', heardBy: 'worker', doc: '' });
const WORK = family<{ readonly job: string }, { readonly ok: boolean }>()('work.<job>', {
  mode: 'request',
  heardBy: 'anyone',
  doc: '',
});
const DONE = family<{ readonly outcome: string }>()('done.<job>', { mode: 'publish', heardBy: 'anyone', doc: '' });
const HOUR = 3_600_000;

const worker = defineActor({
  name: 'worker',
  hears: { jobs: calls(JOB) },
  says: { work: request(WORK), done: publish(DONE), asked: publish(DONE) },
  behave: (inputs, world) => {
    const jobs = world.cell<readonly string[]>('jobs', []);
    const work = (job: string): Observable<Said<unknown>> =>
      defer(() => {
        const ask = world.say.work({ job }, { job });
        const announced = world.isAsked(ask) ? EMPTY : from([world.say.asked({ job }, { outcome: 'asked' })]);
        const ended = (outcome: string): Said<unknown> => {
          jobs.set(jobs.get().filter((one) => one !== job));
          return world.say.done({ job }, { outcome });
        };
        const answer = world.ask(ask, { timeoutMs: HOUR, lasts: true }).pipe(
          map(({ ok }) => ended(ok ? 'ok' : 'bad')),
          catchError(() => [ended('failed')]),
        );
        return merge(announced, answer);
      });
    return merge(
      defer(() => from(jobs.get())).pipe(mergeMap(work)),
      inputs.jobs.pipe(
        mergeMap((call: Call) => {
          const { job = '' } = (call.tokens ?? {}) as { readonly job?: string };
          if (jobs.get().includes(job)) return EMPTY;
          jobs.set([...jobs.get(), job]);
          return work(job);
        }),
      ),
    );
  },
});

const brief = (said: readonly Heard[]): readonly string[] =>
  said.map(({ say, subject, body }) => `${say} ${subject} ${JSON.stringify(body)}`);

it('a request of before a checkpoint is not made again, and its answer arrives', () => {
  const world = new TestWorld(worker).start();
  world.call(JOB, { job: 'a' }, {});
  const [asked] = world.said('work');
  world.said();
  for (let round = 0; round < 3; round++) world.crash();
  expect(world.said()).toEqual([]);
  world.answer(asked as Heard, { ok: true });
  expect(brief(world.said())).toEqual(['done troupe.done.a {"outcome":"ok"}']);
  world.crash();
  expect(world.said()).toEqual([]);
});

it('a timeout of such a request is one', () => {
  const world = new TestWorld(worker).start();
  world.call(JOB, { job: 'a' }, {});
  const [asked] = world.said('work');
  world.crash().answer(asked as Heard, 'timeout');
  expect(brief(world.said('done'))).toEqual(['done troupe.done.a {"outcome":"failed"}']);
});

type Step =
  | { readonly do: 'job'; readonly job: string }
  | { readonly do: 'answer'; readonly at: number; readonly result: 'ok' | 'bad' | 'timeout' }
  | { readonly do: 'checkpoint' };
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('job' as const), job: fc.constantFrom('a', 'b', 'c', 'd') }),
    fc.record({
      do: fc.constant('answer' as const),
      at: fc.nat(3),
      result: fc.constantFrom('ok' as const, 'bad' as const, 'timeout' as const),
    }),
    fc.record({ do: fc.constant('checkpoint' as const) }),
  ),
  { maxLength: 40 },
);

/** @returns everything that was said, and the recording */
function run(all: readonly Step[], takesCheckpoints: boolean) {
  const world = new TestWorld(worker).start();
  const said: Heard[] = [];
  const open: Heard[] = [];
  for (const step of all) {
    if (step.do === 'job') world.call(JOB, { job: step.job }, {});
    else if (step.do === 'checkpoint') {
      if (takesCheckpoints) world.crash();
    } else {
      const [asked] = open.splice(step.at % Math.max(open.length, 1), 1);
      if (asked !== undefined)
        world.answer(asked, step.result === 'timeout' ? 'timeout' : { ok: step.result === 'ok' });
    }
    const now = world.said();
    said.push(...now);
    open.push(...now.filter(({ say }) => say === 'work'));
  }
  return { said: brief(said), recording: world.recording() };
}

it('with checkpoints anywhere, an actor says what it says without any, and the recording plays', () => {
  fc.assert(
    fc.property(steps, (all) => {
      const { said, recording } = run(all, true);
      expect(said).toEqual(run(all, false).said);
      const { incarnation, turns } = recording;
      const history = new MemoryHistory([]);
      expect(replay(worker, incarnation, turns, history).divergence).toBeUndefined();
      const begins = turns.findLastIndex(({ rec }) => rec.t === 'start');
      expect(replay(worker, incarnation, turns.slice(begins), history).divergence).toBeUndefined();
    }),
    { numRuns: 300 },
  );
});
