import { expect, it } from 'vitest';
import { parseThresholds, type Signal } from '../../../contracts/eviction/thresholds.ts';
import { NO_PRESSURE, type PressureState, planNodeConditions } from './plan-node-conditions.ts';

const S = 1000;
const THRESHOLDS = parseThresholds({
  hard: 'nodefs.available<10%,memory.available<100',
  soft: 'memory.available<300,pid.available<50',
  softGracePeriod: 'memory.available=1m30s,pid.available=10s',
});
/** One observation a minute, of capacity 1000 each; absent = plenty. */
const after = (...seen: readonly Partial<Record<Signal, number>>[]) => {
  let state: PressureState = NO_PRESSURE;
  let found: unknown;
  for (const [minute, each] of seen.entries()) {
    const observed = new Map(
      Object.entries(each).map(([signal, available]) => [signal as Signal, { available, capacity: 1000 }]),
    );
    const plan = planNodeConditions(THRESHOLDS, observed, state, { now: minute * 60 * S, transitionMs: 150 * S });
    ({ state } = plan);
    found = [...plan.pressures, ...plan.due.map(({ signal, hard }) => `${hard ? 'hard' : 'soft'} ${signal}`)];
  }
  return found;
};
const LOW = { 'memory.available': 200 };
const EMPTY = { 'memory.available': 99 };

it.each([
  { why: 'enough of all', seen: [{ 'memory.available': 300, 'nodefs.available': 100 }], found: [] },
  {
    why: 'a hard threshold is due at once',
    seen: [{ 'nodefs.available': 99 }],
    found: ['DiskPressure', 'hard nodefs.available'],
  },
  { why: 'a soft one shows in the condition, and waits', seen: [LOW, LOW], found: ['MemoryPressure'] },
  {
    why: 'a soft one is due after its period',
    seen: [LOW, LOW, LOW],
    found: ['MemoryPressure', 'soft memory.available'],
  },
  { why: 'a break starts the period anew', seen: [LOW, {}, LOW, LOW], found: ['MemoryPressure'] },
  { why: 'the condition stays for the transition period', seen: [EMPTY, {}, {}], found: ['MemoryPressure'] },
  { why: 'and ends after it', seen: [EMPTY, {}, {}, {}], found: [] },
  {
    why: 'memory comes first',
    seen: [{ ...EMPTY, 'nodefs.available': 1 }],
    found: ['MemoryPressure', 'DiskPressure', 'hard memory.available', 'hard nodefs.available'],
  },
])('$why', ({ seen, found }) => {
  expect(after(...seen)).toEqual(found);
});
