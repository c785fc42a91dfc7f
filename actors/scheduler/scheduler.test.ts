import { expect, it } from 'vitest';
import { failure } from '../../contracts/errors/status.ts';
import type { Node, Pod } from '../../contracts/kinds/kinds.ts';
import { type Heard, type TestWorld, testWorld } from '../kernel/testing/test-world.ts';
import { scheduler } from './scheduler.ts';

const node = (name: string, cpu = '2'): Node => ({
  metadata: { name },
  status: { allocatable: { cpu, memory: '4Gi', pods: '110' } },
});
const pod = (name: string, cpu = '1', more: Partial<Pod['spec'] & object> = {}): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, namespace: 'default', uid: `${name}-uid` },
  spec: { containers: [{ name: 'main', resources: { requests: { cpu } } }], ...more },
});
const target = (heard: Heard): string => (heard.body as { target: { name: string } }).target.name;
const podOf = (heard: Heard): string => heard.subject.split('.').at(-1) ?? '';
const bindings = (world: TestWorld): string[] =>
  world.said('bind').map((heard) => `${podOf(heard)} -> ${target(heard)}`);

function worldWith(nodes: readonly Node[], pods: readonly Pod[]): TestWorld {
  const world = testWorld(scheduler);
  for (const n of nodes) world.put('nodes', n);
  for (const p of pods) world.put('pods', p);
  return world.start();
}
/** What the api-server does: the binding shows in the view, then the answer comes. */
function bound(world: TestWorld, heard: Heard, p: Pod): void {
  const after: Pod = { ...p, spec: { containers: [], ...p.spec, nodeName: target(heard) } };
  world.put('pods', after);
  world.settle();
  world.answer(heard, {});
}

it('binds a pod to a node that has room, and tells it', () => {
  const world = worldWith([node('small', '500m'), node('big')], [pod('web')]);
  const [bind] = world.said();
  expect(bind).toMatchObject({
    say: 'bind',
    subject: 'troupe.api.scheduler.create.pods=2Fbinding.default.web',
    body: { target: { kind: 'Node', name: 'big' } },
  });
  bound(world, bind as Heard, pod('web'));
  expect(world.said()).toMatchObject([
    {
      say: 'event',
      body: {
        reason: 'Scheduled',
        message: 'Successfully assigned default/web to big',
        involvedObject: { uid: 'web-uid' },
      },
    },
  ]);
  expect(world.cells()).toMatchObject({});
});

it('room is taken as soon as a node is chosen, before any view shows it', () => {
  const world = worldWith([node('a'), node('b')], [pod('p1', '2'), pod('p2', '2'), pod('p3', '2')]);
  const said = world.said();
  expect(new Set(said.filter(({ say }) => say === 'bind').map(target))).toEqual(new Set(['a', 'b']));
  expect(said.filter(({ say }) => say === 'status').map(podOf)).toEqual(['p3']);
});

it('a failed binding gives the room back and the pod is tried again', () => {
  const world = worldWith([node('a')], [pod('p1', '2')]);
  world.answer(world.said('bind')[0] as Heard, failure('ServiceUnavailable', 'down'));
  expect(bindings(world)).toEqual([]);
  world.advance(1000);
  expect(bindings(world)).toEqual(['p1 -> a']);
  expect(world.reports).toHaveLength(1);
});

it('says why a pod fits nowhere: once as its condition, as the same event each time', () => {
  const world = worldWith([node('a')], [pod('p1', '4')]);
  const message = '0/1 nodes are available: 1 Insufficient cpu.';
  const [patch] = world.said('status');
  expect(patch?.body).toMatchObject({
    status: { conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }] },
  });
  const told: Pod = { ...(patch?.body as Pod), ...pod('p1', '4') };
  world.put('pods', told);
  world.settle().answer(patch as Heard, {});
  const [event] = world.said('event');
  expect(event?.body).toMatchObject({ type: 'Warning', reason: 'FailedScheduling', message });
  world.advance(60_000);
  const again = world.said();
  expect(again.map(({ say }) => say)).toEqual(['event']); // the condition says so already
  expect(again[0]?.subject).toBe(event?.subject);
});

it('thousands of pods whose conditions say so already are refused again a few in a turn, and none is forgotten', () => {
  const message = '0/1 nodes are available: 1 Insufficient cpu.';
  const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
  const pods = Array.from({ length: 2_000 }, (_, at) => ({ ...pod(`p${at}`, '4'), status: { conditions } }));
  const world = worldWith([node('a')], pods);
  expect(world.said('event')).toHaveLength(pods.length);
  expect(world.turns.length).toBeGreaterThan(pods.length / 64);
  world.advance(60_000);
  expect(world.said('event')).toHaveLength(pods.length);
});

it('a pod that waits is tried again when a node comes, but not before its backoff is over', () => {
  const world = worldWith([node('a')], [pod('big', '4'), pod('old', '2', { nodeName: 'a' })]);
  world.answer(world.said('status')[0] as Heard, {});
  world.put('nodes', node('b', '8'));
  world.settle();
  expect(bindings(world)).toEqual([]); // its backoff is not over
  world.advance(1000);
  expect(bindings(world)).toEqual(['big -> b']);
});

it('a pod whose own spec changed is tried again at once', () => {
  const world = worldWith([node('a')], [pod('old', '2', { nodeName: 'a' }), pod('p', '1')]);
  world.answer(world.said('status')[0] as Heard, {});
  world.said('event');
  world.advance(1000);
  expect(world.said()).toEqual([]);
  world.put('pods', pod('p', '0'));
  world.settle();
  expect(bindings(world)).toEqual(['p -> a']);
});

it('room that a pod leaves goes to one that waits', () => {
  const world = worldWith([node('a')], [pod('old', '2', { nodeName: 'a' }), pod('p', '1')]);
  world.answer(world.said('status')[0] as Heard, {});
  world.advance(5000);
  world.remove('pods', 'default', 'old');
  world.settle();
  expect(bindings(world)).toEqual(['p -> a']);
});

it('higher priority first, then the order of coming', () => {
  const world = worldWith([], []);
  for (const [name, priority] of [
    ['a', 0],
    ['b', 10],
    ['c', 0],
  ] as const)
    world.put('pods', pod(name, '1', { priority }));
  world.put('nodes', node('n', '9'));
  world.settle();
  expect(world.said('bind').map(podOf)).toEqual(['b', 'a', 'c']);
});

it('leaves alone what is bound, ending, finished, gated or of another scheduler', () => {
  const leaving = {
    ...pod('leaving'),
    metadata: { name: 'leaving', namespace: 'default', uid: 'u', deletionTimestamp: '2026-01-01T00:00:00Z' },
  };
  const world = worldWith(
    [node('a', '9')],
    [
      leaving,
      pod('bound', '1', { nodeName: 'a' }),
      { ...pod('done'), status: { phase: 'Failed' } },
      pod('gated', '1', { schedulingGates: [{ name: 'g' }] }),
      pod('other', '1', { schedulerName: 'mine' }),
    ],
  );
  expect(world.said()).toEqual([]);
});

it('at most 64 bindings are under way, and a thousand pods get their nodes', () => {
  const names = Array.from({ length: 1000 }, (_, at) => `p${at}`);
  const world = worldWith(
    [node('a', '400'), node('b', '400'), node('c', '400')].map((n) => ({
      ...n,
      status: { allocatable: { cpu: '400', memory: '4Ti', pods: '400' } },
    })),
    names.map((name) => pod(name)),
  );
  const perNode = new Map<string, number>();
  for (;;) {
    const asked = world.said('bind');
    if (asked.length === 0) break;
    expect(asked.length).toBeLessThanOrEqual(64);
    for (const heard of asked) {
      perNode.set(target(heard), (perNode.get(target(heard)) ?? 0) + 1);
      bound(world, heard, pod(podOf(heard)));
    }
  }
  expect([...perNode.values()].reduce((sum, count) => sum + count)).toBe(1000);
  expect(Math.max(...perNode.values())).toBeLessThanOrEqual(400);
});

it('goes on after a crash: waits are kept, what is pending is found again', () => {
  const world = worldWith([node('a')], [pod('big', '4')]);
  world.answer(world.said('status')[0] as Heard, {});
  world.said('event');
  world.crash();
  expect(world.said()).toEqual([]); // still backing off
  world.put('nodes', node('b', '8'));
  world.advance(1000);
  expect(bindings(world)).toEqual(['big -> b']);
});
