import { expect, it } from 'vitest';
import type { ContainerState, Pod } from '../../../contracts/kinds/kinds.ts';
import type { LogQuery } from '../../../contracts/messages/logs.ts';
import { planLogRequest } from './plan-log-request.ts';

const pod: Pod = {
  metadata: { name: 'web', namespace: 'default', uid: 'u1' },
  spec: { containers: [{ name: 'main', image: 'web:1' }] },
};
const ended: ContainerState = { terminated: { exitCode: 3 } };
const running: ContainerState = { running: {} };
const backOff: ContainerState = { waiting: { reason: 'CrashLoopBackOff' } };

function plan(state: ContainerState, lastState: ContainerState, query: Partial<LogQuery>) {
  const containerStatuses = [
    { name: 'main', state, lastState, ready: false, restartCount: 1, image: 'web:1', imageID: '' },
  ];
  const planned = planLogRequest(pod, { containerStatuses }, { namespace: 'default', pod: 'web', ...query });
  if ('refuse' in planned) return planned.refuse.message;
  return planned.ask.previous === true ? 'the one before' : 'the newest';
}

it.each<{ why: string; state: ContainerState; last?: ContainerState; ask?: Partial<LogQuery>; is: string }>([
  { why: 'a running container', state: running, is: 'the newest' },
  { why: 'before its restart', state: running, last: ended, ask: { previous: true }, is: 'the one before' },
  {
    why: 'of a run that ended after another',
    state: ended,
    last: ended,
    ask: { previous: true },
    is: 'the one before',
  },
  { why: 'while it waits to be started again', state: backOff, last: ended, is: 'the newest' },
  { why: 'the last run, while it waits', state: backOff, last: ended, ask: { previous: true }, is: 'the newest' },
  {
    why: 'nothing before the first restart',
    state: running,
    ask: { previous: true },
    is: 'previous terminated container "main" in pod "web" not found',
  },
  {
    why: 'nothing before the first start',
    state: { waiting: { reason: 'ContainerCreating' } },
    is: 'container "main" in pod "web" is waiting to start: ContainerCreating',
  },
])('reads $why', ({ state, last = {}, ask = {}, is }) => {
  expect(plan(state, last, ask)).toBe(is);
});
