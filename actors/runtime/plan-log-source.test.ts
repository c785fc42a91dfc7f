import { expect, it } from 'vitest';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';
import { planLogSource } from './plan-log-source.ts';

const made = (id: string, more: Partial<ContainerStatus> = {}): ContainerStatus => ({
  id,
  sandboxId: 's',
  pod: { uid: 'u1', namespace: 'ns', name: 'web' },
  name: 'main',
  attempt: 0,
  specHash: 'h',
  state: 'running',
  image: 'i',
  imageId: 'i',
  createdAt: 1,
  ...more,
});
const runs = [
  made('first', { state: 'exited' }),
  made('second', { attempt: 1, state: 'exited' }),
  made('third', { attempt: 2 }),
];

it.each<{ why: string; have: readonly ContainerStatus[]; ask?: Partial<LogQuery>; is: string }>([
  { why: 'the newest attempt', have: runs, is: 'third' },
  { why: 'whatever their order', have: runs.toReversed(), is: 'third' },
  { why: 'the one before it', have: runs, ask: { previous: true }, is: 'second' },
  {
    why: 'the last that ran while the next only waits to',
    have: [...runs, made('fourth', { attempt: 3, state: 'created' })],
    is: 'third',
  },
  { why: 'one that never ran when there is no other', have: [made('only', { state: 'created' })], is: 'only' },
  {
    why: 'the named container',
    have: [...runs, made('side', { name: 'side' })],
    ask: { container: 'side' },
    is: 'side',
  },
  {
    why: 'of the newest pod of the name',
    have: [
      made('old', { attempt: 4 }),
      made('new', { pod: { uid: 'u2', namespace: 'ns', name: 'web' }, createdAt: 2 }),
    ],
    is: 'new',
  },
  {
    why: 'of the pod of that uid',
    have: [made('old'), made('new', { pod: { uid: 'u2', namespace: 'ns', name: 'web' }, createdAt: 2 })],
    ask: { podUid: 'u1' },
    is: 'old',
  },
])('finds $why', ({ have, ask = {}, is }) => {
  expect(planLogSource({ namespace: 'ns', pod: 'web', ...ask }, have).id).toBe(is);
});

it.each<{ why: string; have: readonly ContainerStatus[]; ask?: Partial<LogQuery>; says: string }>([
  { why: 'no such pod', have: runs, ask: { pod: 'db' }, says: 'it has no container on this node' },
  { why: 'no such container', have: runs, ask: { container: 'x' }, says: 'container x is not on this node' },
  {
    why: 'nothing before the first',
    have: [made('first')],
    ask: { previous: true },
    says: 'an earlier run of container main',
  },
  {
    why: 'several and none named',
    have: [made('a'), made('b', { name: 'side' })],
    says: 'name one of its containers: main, side',
  },
])('refuses: $why', ({ have, ask = {}, says }) => {
  expect(() => planLogSource({ namespace: 'ns', pod: 'web', ...ask }, have)).toThrow(says);
});
