import type { Msg } from 'nats';
import { expect, it } from 'vitest';
import { encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { AskResult } from '../turns/answers.ts';
import { outgoing } from '../turns/outgoing.ts';
import { OpenRequests } from './nats-open-requests.ts';

it.each([
  { why: 'in time', timeoutMs: 60_000, answer: encodeMsgpack({ a: 1 }) },
  { why: 'after its deadline, which a process that stood still has not noticed yet', timeoutMs: 1, answer: 'timeout' },
])('an answer that comes $why is $answer', ({ timeoutMs, answer }) => {
  const requests = new OpenRequests();
  const results: AskResult[] = [];
  const out = outgoing(
    '1',
    { kind: 'request', say: 'read', subject: 'troupe.api.me.get.pods.a.b', body: {} },
    timeoutMs,
  );
  const asker = { answered: (_ask: string, result: AskResult) => void results.push(result) };
  const subject = requests.expect(out, asker, {}, { inbox: '_INBOX.me.', tail: '' });
  const since = performance.now();
  while (performance.now() < since + 5); // as a process that was stopped: no timer runs
  requests.answered({ subject, data: encodeMsgpack({ a: 1 }) } as Msg);
  expect(results).toEqual([answer]);
  requests.stop();
});
