import { expect, it } from 'vitest';
import type { Node } from '../../../contracts/kinds/kinds.ts';
import { planNodeWarning } from './plan-node-warning.ts';

const SINCE = Date.parse('2026-01-01T00:01:00.500Z');
const BEFORE = '2026-01-01T00:00:59Z';
const SINCE_THEN = '2026-01-01T00:01:00Z';

const node = (status: string, readyAt: string, othersAt: string, message = 'container runtime is down'): Node => ({
  metadata: { name: 'n1' },
  status: {
    conditions: [
      { type: 'MemoryPressure', status: 'False', lastHeartbeatTime: othersAt },
      {
        type: 'Ready',
        status,
        ...(status === 'False' ? { message } : {}),
        lastHeartbeatTime: readyAt,
      },
    ],
  },
});
const word = { instance: 'n1', lastError: 'list: no engine answers' };

it.each([
  { why: 'ready', node: node('True', SINCE_THEN, SINCE_THEN), word, trouble: undefined },
  { why: 'not there yet, as far as is known', node: undefined, word: undefined, trouble: undefined },
  { why: 'of last time, as far as is known', node: node('True', BEFORE, BEFORE), word: undefined, trouble: undefined },
  {
    why: 'not made, for a reason',
    node: undefined,
    word,
    trouble: 'no node has joined; the worker of n1 reports: list: no engine answers',
  },
  {
    why: 'called ready for its worker lives, though its engine has not answered',
    node: node('True', SINCE_THEN, BEFORE),
    word,
    trouble: 'node n1 has not reported its status since it was started; its worker reports: list: no engine answers',
  },
  {
    why: 'not ready',
    node: node('False', SINCE_THEN, BEFORE),
    word,
    trouble: 'node n1 is not ready: container runtime is down; its worker reports: list: no engine answers',
  },
  {
    why: 'not ready for its engine has not answered yet, which may take a moment',
    node: node('False', SINCE_THEN, BEFORE, 'container runtime has not answered yet'),
    word: undefined,
    trouble: undefined,
  },
  {
    why: 'not ready for there is no engine to answer',
    node: node('False', SINCE_THEN, BEFORE, 'container runtime has not answered yet: list: no engine answers'),
    word,
    trouble: 'node n1 is not ready: container runtime has not answered yet: list: no engine answers',
  },
  {
    why: 'not ready last time',
    node: node('False', BEFORE, BEFORE),
    word: undefined,
    trouble: undefined,
  },
])('a node that is $why', ({ node: one, word: said, trouble }) => {
  expect(planNodeWarning('n1', one, said, SINCE)).toBe(trouble);
});
