import { expect, it } from 'vitest';
import { failure } from '../../../contracts/errors/status.ts';
import type { Node, Pod, Taint, Toleration } from '../../../contracts/kinds/kinds.ts';
import { type Heard, type TestWorld, testWorld } from '../../kernel/testing/test-world.ts';
import { nodeLifecycle } from './node-lifecycle.ts';
import { evictionAt } from './plan-eviction.ts';
import { planNodeHealth } from './plan-node-health.ts';
import type { Health } from './plan-ready-condition.ts';

const T0 = Date.parse('2026-01-01T00:00:00Z');
const ADDED = '2026-01-01T00:00:00Z';
const node = (name: string, ready?: string, taints: Taint[] = []): Node => ({
  metadata: { name, uid: `${name}-uid` },
  spec: { taints },
  status: { conditions: ready === undefined ? [] : [{ type: 'Ready', status: ready, lastTransitionTime: ADDED }] },
});
const taint = (key: string, effect: string): Taint => ({
  key: `node.kubernetes.io/${key}`,
  effect,
  ...(effect === 'NoExecute' ? { timeAdded: ADDED } : {}),
});
const texts = (taints: readonly Taint[]): string[] =>
  taints.map(({ key, effect }) => `${key.replace('node.kubernetes.io/', '')}:${effect}`);
const unreachable = [taint('unreachable', 'NoSchedule'), taint('unreachable', 'NoExecute')];

it.each([
  {
    why: 'a new node that beats becomes ready',
    node: node('a'),
    health: 'ready',
    conditions: 'True',
    taints: undefined,
  },
  {
    why: 'rests while all is well',
    node: node('a', 'True'),
    health: 'ready',
    conditions: undefined,
    taints: undefined,
  },
  {
    why: 'silence',
    node: node('a', 'True'),
    health: 'unknown',
    conditions: 'Unknown',
    taints: ['unreachable:NoSchedule', 'unreachable:NoExecute'],
  },
  {
    why: 'its runtime is down',
    node: node('a', 'True'),
    health: 'not-ready',
    conditions: 'False',
    taints: ['not-ready:NoSchedule', 'not-ready:NoExecute'],
  },
  {
    why: 'rests while it is silent',
    node: node('a', 'Unknown', unreachable),
    health: 'unknown',
    conditions: undefined,
    taints: undefined,
  },
  { why: 'it is back', node: node('a', 'Unknown', unreachable), health: 'ready', conditions: 'True', taints: [] },
  {
    why: 'taints of others stay',
    node: node('a', 'Unknown', [{ key: 'gpu', effect: 'NoSchedule' }, ...unreachable]),
    health: 'ready',
    conditions: 'True',
    taints: ['gpu:NoSchedule'],
  },
  {
    why: 'all are silent: nobody is evicted',
    node: node('a', 'True'),
    health: 'unknown',
    evicting: false,
    conditions: 'Unknown',
    taints: ['unreachable:NoSchedule'],
  },
] as { why: string; node: Node; health: Health; evicting?: boolean; conditions?: string; taints?: string[] }[])(
  '$why',
  (row) => {
    const { effects } = planNodeHealth(row.node, row.health, row.evicting ?? true, T0);
    const conditions = effects.find((effect) => effect.type === 'conditions')?.conditions;
    expect(conditions?.find(({ type }) => type === 'Ready')?.status).toBe(row.conditions);
    const taints = effects.find((effect) => effect.type === 'taints')?.taints;
    expect(taints === undefined ? undefined : texts(taints)).toEqual(row.taints);
  },
);

it.each<[before: 'True' | 'Unknown', health: Health, told: readonly string[]]>([
  ['Unknown', 'ready', []],
  ['True', 'unknown', ['NodeNotReady']],
  ['True', 'not-ready', ['NodeNotReady']],
  ['True', 'ready', []],
])('who makes a node of %s %s tells of it: %j', (before, health, told) => {
  const { notes } = planNodeHealth(node('a', before), health, true, T0);
  expect(notes.map(({ reason }) => reason)).toEqual(told);
});

it('pressure repels new pods', () => {
  const pressed: Node = {
    ...node('a', 'True'),
    status: {
      conditions: [
        { type: 'Ready', status: 'True' },
        { type: 'DiskPressure', status: 'True' },
      ],
    },
  };
  expect(planNodeHealth(pressed, 'ready', true, T0).effects).toEqual([
    { type: 'taints', taints: [{ key: 'node.kubernetes.io/disk-pressure', effect: 'NoSchedule' }] },
  ]);
});

const forever: Toleration = { key: 'node.kubernetes.io/unreachable', operator: 'Exists', effect: 'NoExecute' };
it.each([
  { why: 'tolerates nothing', tolerations: [], at: 0 },
  { why: 'tolerates for ever', tolerations: [forever], at: undefined },
  { why: 'tolerates for five minutes', tolerations: [{ ...forever, tolerationSeconds: 300 }], at: T0 + 300_000 },
  {
    why: 'the shortest toleration counts',
    tolerations: [
      { ...forever, tolerationSeconds: 300 },
      { ...forever, tolerationSeconds: 10 },
    ],
    at: T0 + 10_000,
  },
  { why: 'tolerates another taint', tolerations: [{ ...forever, key: 'gpu' }], at: 0 },
])('a pod that $why leaves at $at', ({ tolerations, at }) => {
  expect(evictionAt({ spec: { containers: [], tolerations } }, unreachable)).toBe(at);
});
it('the time of a taint that somebody set without a moment runs from when it was seen', () => {
  const drain = { key: 'drain', effect: 'NoExecute' };
  const tolerations = [{ key: 'drain', operator: 'Exists', tolerationSeconds: 300 }];
  expect(evictionAt({ spec: { containers: [], tolerations } }, [drain])).toBeUndefined();
  expect(evictionAt({ spec: { containers: [] } }, [drain])).toBe(0);
  const { effects } = planNodeHealth(node('a', 'True', [drain]), 'ready', true, T0);
  expect(effects).toEqual([{ type: 'taints', taints: [{ ...drain, timeAdded: ADDED }] }]);
  const dated = planNodeHealth(node('a', 'True', [{ ...drain, timeAdded: ADDED }]), 'ready', true, T0 + 5000);
  expect(dated.effects).toEqual([]);
});
it('a pod leaves no node without NoExecute taints', () => {
  expect(evictionAt({ spec: { containers: [] } }, [taint('unreachable', 'NoSchedule')])).toBeUndefined();
});

const beat = (world: TestWorld, name: string, runtimeReady = true, more: object = {}) =>
  world.latest('beats', [
    { subject: `troupe.heartbeat.${name}`, body: { node: name, sentAt: world.now, runtimeReady, pods: 0, ...more } },
  ]);
const pod = (name: string, on: string, tolerationSeconds?: number): Pod => ({
  metadata: { name, namespace: 'shop', uid: `${name}-uid` },
  spec: {
    containers: [],
    nodeName: on,
    ...(tolerationSeconds === undefined ? {} : { tolerations: [{ ...forever, tolerationSeconds }] }),
  },
});
const readyPod = (name: string, on: string, tolerationSeconds?: number): Pod => ({
  ...pod(name, on, tolerationSeconds),
  status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: ADDED }] },
});
/** What the api-server does with what was asked; gives what it was. */
function serve(world: TestWorld): string[] {
  const log: string[] = [];
  for (let asked = open(world); asked.length > 0; asked = open(world)) {
    for (const heard of asked) {
      const name = heard.subject.split('.').at(-1) ?? '';
      log.push(`${heard.say} ${name}`);
      const current = world.cache.get('nodes', undefined, name);
      const body = heard.body as Node;
      if (heard.say === 'condition') {
        const next: Node = { ...current, status: { ...current?.status, ...body.status } };
        world.put('nodes', next);
      } else if (heard.say === 'taint') {
        const next: Node = { ...current, spec: { ...current?.spec, ...body.spec } };
        world.put('nodes', next);
      } else if (heard.say === 'podStatus') {
        const next: Pod = { ...world.cache.get('pods', 'shop', name), status: (heard.body as Pod).status ?? {} };
        world.put('pods', next);
      } else world.remove('pods', 'shop', name);
      world.answer(heard, {});
    }
  }
  return log;
}
const open = (world: TestWorld): Heard[] => world.said().filter(({ timeoutMs }) => timeoutMs !== undefined);
/** Beats of `alive` for so many seconds; gives what was asked meanwhile. */
function pass(world: TestWorld, seconds: number, alive: readonly string[]): string[] {
  const log: string[] = [];
  for (let second = 0; second < seconds; second++) {
    world.advance(1000);
    for (const name of alive) beat(world, name);
    log.push(...serve(world));
  }
  return log;
}

it('a node falls silent, loses its pods when their patience ends, and comes back', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'True'));
  world.put('pods', pod('patient', 'b', 300));
  world.put('pods', pod('hasty', 'b', 5));
  world.start();
  expect(pass(world, 39, ['a'])).toEqual([]);
  expect(pass(world, 3, ['a'])).toEqual(['condition b', 'taint b']);
  expect(pass(world, 10, ['a'])).toEqual(['evict hasty']);
  expect(pass(world, 2, ['a', 'b'])).toEqual(['condition b', 'taint b']);
  expect(world.cache.get('nodes', undefined, 'b')).toMatchObject({
    spec: { taints: [] },
    status: { conditions: [{ status: 'True' }] },
  });
  expect(pass(world, 310, ['a', 'b'])).toEqual([]);
  expect(world.reports).toEqual([]);
});

it('that a node is ready again is told once, also where its kubelet wrote so before its heartbeat was heard', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'Unknown'));
  world.start();
  const reasons = () =>
    world
      .settle()
      .said('event')
      .map(({ body }) => (body as { reason: string }).reason);
  expect(reasons()).toEqual([]);
  world.put('nodes', node('b', 'True'));
  expect(reasons()).toEqual(['NodeReady']);
  world.put('nodes', node('b', 'True', [taint('memory-pressure', 'NoSchedule')]));
  world.put('nodes', node('c', 'True'));
  beat(world, 'b');
  world.advance(1000);
  expect(reasons()).toEqual([]);
});

it('pods of a silent node are ready no longer, once', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'True'));
  world.put('pods', readyPod('web', 'b', 300));
  world.start();
  expect(pass(world, 60, ['a'])).toEqual(['condition b', 'taint b', 'podStatus web']);
  expect(world.cache.get('pods', 'shop', 'web')?.status?.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'NodeNotReady' },
  ]);
});

it('a pod of a silent node whose status somebody else wrote at that moment is told of all the same', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'Unknown', unreachable));
  world.put('pods', readyPod('web', 'b', 300));
  world.start();
  let told: Heard | undefined;
  for (let second = 0; second < 50 && told === undefined; second++) {
    world.advance(1000);
    beat(world, 'a');
    told = open(world).find(({ say }) => say === 'podStatus');
  }
  world.answer(told as Heard, failure('Conflict', 'somebody wrote first'));
  expect(pass(world, 5, ['a'])).toEqual(['podStatus web']);
});

it('while every node is silent nobody is evicted, but their pods are ready no longer', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('pods', readyPod('hasty', 'a'));
  world.start();
  expect(pass(world, 100, [])).toEqual(['condition a', 'taint a', 'podStatus hasty']);
  expect(world.cache.get('pods', 'shop', 'hasty')?.status?.conditions).toMatchObject([
    { type: 'Ready', status: 'False', reason: 'NodeNotReady' },
  ]);
});

it('who was stopped for longer than the grace period first listens whether the nodes live', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'True'));
  world.put('pods', readyPod('web', 'b', 300));
  world.start();
  expect(pass(world, 10, ['a', 'b'])).toEqual([]);
  world.now += 75_000; // all timers are due at once, and what was heard last is old
  world.put('nodes', node('c', 'True'));
  world.settle();
  expect(serve(world)).toEqual([]);
  expect(pass(world, 38, ['a', 'c'])).toEqual([]);
  expect(pass(world, 4, ['a', 'c'])).toEqual(['condition b', 'taint b', 'podStatus web']);
  expect(world.reports).toEqual([]);
});

it('after a time in which none of them was heard every node has the whole grace period to be heard', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'True'));
  world.put('pods', pod('hasty', 'b'));
  world.start();
  expect(pass(world, 60, [])).toEqual(['condition a', 'condition b', 'taint a', 'taint b']);
  expect(pass(world, 38, ['a'])).toEqual(['condition a', 'taint a']);
  expect(pass(world, 4, ['a'])).toEqual(['taint b', 'evict hasty']);
});

it('a node without a runtime is not ready, at once', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.start();
  beat(world, 'a', false);
  expect(serve(world)).toEqual(['condition a', 'taint a']);
});

it('a node without a runtime says why, in the words of its kubelet, and since when whatever it says', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.start();
  const events: string[] = [];
  const hear = (message: unknown, ready = false): string[] => {
    world.advance(1000);
    beat(world, 'a', ready, { message });
    const asked: string[] = [];
    for (let said = world.said(); said.length > 0; said = world.said()) {
      for (const heard of said) {
        if (heard.say === 'event') events.push((heard.body as { message: string }).message);
        if (heard.timeoutMs === undefined) continue;
        asked.push(heard.say);
        const current = world.cache.get('nodes', undefined, 'a');
        const { spec, status } = heard.body as Node;
        world.put('nodes', {
          ...current,
          spec: { ...current?.spec, ...spec },
          status: { ...current?.status, ...status },
        } as Node);
        world.answer(heard, {});
      }
    }
    return asked;
  };
  const ready = () =>
    world.cache.get('nodes', undefined, 'a')?.status?.conditions?.find(({ type }) => type === 'Ready');
  expect(hear('no engine\nanswers')).toEqual(['condition', 'taint']);
  expect(events).toEqual(['Node a status is now: NodeNotReady: no engine answers']);
  expect(ready()).toMatchObject({ status: 'False', reason: 'KubeletNotReady', message: 'no engine answers' });
  const since = ready()?.lastTransitionTime;
  expect(hear('no engine\nanswers')).toEqual([]);
  expect(hear('it did not answer in time')).toEqual(['condition']);
  expect(ready()).toMatchObject({ message: 'it did not answer in time', lastTransitionTime: since });
  for (const nothing of ['', 7, undefined]) expect(hear(nothing)).toEqual([]); // what was said last stays
  expect(hear('x'.repeat(5000))).toEqual(['condition']);
  expect(ready()?.message).toHaveLength(512);
  expect(hear('though it is ready', true)).toEqual(['condition', 'taint']);
  expect(ready()).toMatchObject({ status: 'True', message: 'kubelet is posting ready status' });
  expect(events).toHaveLength(2);
});

it.each([
  { why: 'whose kubelet wrote that it is ready takes pods before its first heartbeat', ready: 'True', taints: [] },
  { why: 'of which nothing is known takes none', ready: undefined, taints: ['not-ready:NoSchedule'] },
])('a new node $why', ({ ready, taints }) => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.start();
  world.put('nodes', node('a', ready, [taint('not-ready', 'NoSchedule')]));
  world.settle();
  serve(world);
  expect(texts(world.cache.get('nodes', undefined, 'a')?.spec?.taints ?? [])).toEqual(taints);
  beat(world, 'a');
  serve(world);
  expect(world.cache.get('nodes', undefined, 'a')).toMatchObject({
    spec: { taints: [] },
    status: { conditions: [{ status: 'True' }] },
  });
  expect(world.reports).toEqual([]);
});

it('a node may have a name that every object seems to have', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('constructor', 'True'));
  world.put('pods', pod('lost', 'valueOf'));
  world.start();
  beat(world, 'constructor', false);
  expect(serve(world)).toEqual(['condition constructor', 'taint constructor']);
});

it('pods of a node that is gone are removed, unless it registers again in time', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('pods', pod('lost', 'gone'));
  world.start();
  expect(pass(world, 38, ['a'])).toEqual([]);
  world.advance(10_000);
  expect(world.said('evict')).toMatchObject([{ body: { gracePeriodSeconds: 0, preconditions: { uid: 'lost-uid' } } }]);
});

it('goes on after a crash with what it had heard', () => {
  const world = testWorld(nodeLifecycle(), { now: T0 });
  world.put('nodes', node('a', 'True'));
  world.put('nodes', node('b', 'True'));
  world.start();
  pass(world, 30, ['a']);
  world.crash();
  expect(pass(world, 12, ['a'])).toEqual(['condition b', 'taint b']);
});
