import { expect, it } from 'vitest';
import { planReplayMode } from './plan-replay-mode.ts';

it.each([
  { given: {}, mode: 'play' },
  { given: { from: '3', to: '5', level: 'shape', output: 'json', actor: 'scheduler', key: 'k' }, mode: 'play' },
  { given: { turn: '3', output: 'json' }, mode: 'turn' },
  { given: { turn: '3', to: '21:50:35' }, mode: 'turn' },
  { given: { turn: '3', to: '5m', interactive: true }, mode: 'interactive' },
  { given: { turn: '3', interactive: true }, mode: 'interactive' },
  { given: { turn: '3', inspectBrk: true }, mode: 'inspectBrk' },
  { given: { inspectBrk: '9229' }, mode: 'inspectBrk' },
  { given: { whatIf: 'x.yaml', full: true, instance: 'n1' }, mode: 'whatIf' },
  { given: { about: 'web', to: '5m' }, mode: 'about' },
  { given: { check: true, level: 'state' }, mode: 'check' },
  { given: { check: true, key: 'k', context: 'far' }, mode: 'check' },
  { given: { turn: '3', context: 'far' }, mode: 'turn' },
  { given: { check: false, turn: '1' }, mode: 'turn' },
])('$given is $mode', ({ given, mode }) => {
  expect(planReplayMode(given)).toEqual({ mode });
});

it.each([
  {
    given: { check: true, actor: 'scheduler' },
    problem: /^--check plays all recordings of this home, .*; leave out --actor$/,
  },
  { given: { turn: '3', from: '2' }, problem: /^--turn shows one turn; leave out --from$/ },
  { given: { whatIf: 'x.yaml', from: '2' }, problem: /^--what-if plays whole recordings; leave out --from$/ },
  { given: { whatIf: 'x.yaml', interactive: true }, problem: /leave out -i$/ },
  { given: { whatIf: 'x.yaml', inspectBrk: true }, problem: /leave out --inspect-brk$/ },
  { given: { about: 'web', turn: '3' }, problem: /^--about lists turns and does not play them; leave out --turn$/ },
  { given: { interactive: true, output: 'json' }, problem: /leave out --output$/ },
  {
    given: { interactive: true, turn: '3', to: '5' },
    problem: /^--turn and --to both say where to stop; leave out one/,
  },
  { given: { turn: '3', to: 'rev:5' }, problem: /or give --to a time at which the wanted start ran$/ },
  { given: { full: true }, problem: /^a replay shows the first turn that differs; leave out --full$/ },
])('$given is refused, not half heard', ({ given, problem }) => {
  expect(planReplayMode(given).problem).toMatch(problem);
});
