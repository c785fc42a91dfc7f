import { expect, it } from 'vitest';
import { leadingFlagsLast } from './plan-leading-flags.ts';

it.each([
  ['-n team-a get pods', 'get pods -n team-a'],
  ['--namespace=team-a --context bob get pods -w', 'get pods -w --namespace=team-a --context bob'],
  ['-n team-a delete pod -- -x', 'delete pod -n team-a -- -x'],
  ['get -n team-a pods', 'get -n team-a pods'],
  ['-n team-a', '-n team-a'],
  ['-w get pods', '-w get pods'],
  ['', ''],
])('%j', (typed, meant) => {
  expect(leadingFlagsLast(typed.split(' ')).join(' ')).toBe(meant);
});
