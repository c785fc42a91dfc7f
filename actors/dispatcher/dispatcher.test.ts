import { describe, expect, it } from 'vitest';
import type { ConfigMap, Pod, Secret } from '../../contracts/kinds/kinds.ts';
import { dispatchDigest } from '../../contracts/messages/dispatch-digest.ts';
import { type DispatchAnswer, type NodePods, STATUS_NEWS_MS } from '../../contracts/messages/node.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { TestWorld } from '../kernel/testing/test-world.ts';
import { dispatcher } from './dispatcher.ts';

const podOf = (name: string, nodeName?: string, more: Partial<NonNullable<Pod['spec']>> = {}): Pod => ({
  metadata: { uid: `uid-${name}`, namespace: 'd', name },
  spec: { containers: [{ name: 'c' }], ...(nodeName === undefined ? {} : { nodeName }), ...more },
});
const refers: Partial<NonNullable<Pod['spec']>> = {
  containers: [{ name: 'c', envFrom: [{ configMapRef: { name: 'conf' } }, { secretRef: { name: 'hidden' } }] }],
};
const conf = (value: string): ConfigMap => ({ metadata: { namespace: 'd', name: 'conf' }, data: { KEY: value } });
const hidden = (value: string): Secret => ({ metadata: { namespace: 'd', name: 'hidden' }, data: { KEY: value } });

/** A dispatcher that has announced itself. */
function begun(...pods: readonly Pod[]): TestWorld {
  const world = new TestWorld(dispatcher);
  world.put('pods', podOf('unbound'));
  for (const pod of pods) world.put('pods', pod);
  world.start();
  return world;
}
const told = (world: TestWorld): string[] =>
  world.said('sendPods').map(({ subject, body }) => {
    const { epoch, counter, changed, removed } = body as NodePods;
    const names = [...removed.map(({ name }) => `-${name}`), ...changed.map(({ pod }) => `+${pod.metadata?.name}`)];
    return `${subject.split('.')[2]} ${epoch}.${counter} ${names.join(' ')}`.trim();
  });
function ask(world: TestWorld, node: string, body: unknown): DispatchAnswer {
  world.call(SUBJECTS.dispatch, { node }, body);
  return world.said('reply').at(-1)?.body as DispatchAnswer;
}

describe('dispatcher', () => {
  it('announces a new epoch to the nodes that have pods, without telling the pods', () => {
    expect(told(begun(podOf('p', 'a'), podOf('q', 'b')))).toEqual(['a 1.1', 'b 1.1']);
  });

  it.each([
    { why: 'among others', pods: [podOf('p', 'a')], tells: ['a 1.1', 'b 1.1'] },
    { why: 'and nobody has', pods: [], tells: ['b 1.1'] },
  ])(
    'announces a new epoch to a node that has no pod any more, $why: its last may have gone unheard',
    ({ pods, tells }) => {
      const world = new TestWorld(dispatcher);
      for (const pod of pods) world.put('pods', pod);
      world.put('nodes', { metadata: { name: 'b' } });
      world.start();
      expect(told(world)).toEqual(tells);
      world.put('pods', podOf('q', 'b'));
      world.settle();
      expect(told(world)).toEqual(['b 1.2 +q']);
    },
  );

  it.each(['text', [], null, 5])('refuses a question that is no map: %j', (body) => {
    expect(ask(begun(podOf('p', 'a')), 'a', body)).toMatchObject({ kind: 'Status', reason: 'BadRequest' });
  });

  it('tells each node of its own pods alone, counted', () => {
    const world = begun(podOf('p', 'a'));
    world.said();
    world.put('pods', podOf('q', 'b'));
    world.put('pods', podOf('r', 'a'));
    world.settle();
    expect(told(world)).toEqual(['b 1.1 +q', 'a 1.2 +r']);
    world.remove('pods', 'd', 'p');
    world.put('pods', podOf('q', 'a'));
    world.settle();
    expect(told(world)).toEqual(['a 1.3 -p +q', 'b 1.2 -q']);
  });

  it('sends ConfigMaps by value and Secrets by version', () => {
    const world = begun();
    world.put('configmaps', conf('one'));
    const version = world.put('secrets', hidden('c2VjcmV0'));
    world.put('pods', podOf('p', 'a', refers));
    world.settle();
    const body = world.said('sendPods')[0]?.body as NodePods;
    expect(body.changed[0]).toMatchObject({
      configMaps: { 'd/conf': { data: { KEY: 'one' } } },
      secrets: { 'd/hidden': String(version) },
    });
    expect(JSON.stringify(body)).not.toContain('c2VjcmV0');
  });

  it.each([
    { why: 'a changed ConfigMap', change: (world: TestWorld) => world.put('configmaps', conf('two')) },
    { why: 'a deleted ConfigMap', change: (world: TestWorld) => world.remove('configmaps', 'd', 'conf') },
    { why: 'a changed Secret', change: (world: TestWorld) => world.put('secrets', hidden('bmV3')) },
  ])('tells of $why whoever refers to it, and nobody else', ({ change }) => {
    const world = begun(podOf('other', 'b'));
    world.put('configmaps', conf('one'));
    world.put('secrets', hidden('b2xk'));
    world.put('pods', podOf('p', 'a', refers));
    world.settle();
    world.said();
    change(world);
    world.settle();
    expect(told(world)).toEqual(['a 1.2 +p']);
  });

  it('answers with the whole list, and without it when the digest is right', () => {
    const world = begun(podOf('p', 'a'), podOf('q', 'a'), podOf('r', 'b'));
    const answer = ask(world, 'a', { node: 'a' });
    expect(answer.pods?.map(({ pod }) => pod.metadata?.name)).toEqual(['p', 'q']);
    expect(answer).toMatchObject({ epoch: 1, counter: 1, digest: dispatchDigest(answer.pods ?? []) });
    const again = ask(world, 'a', { node: 'a', digest: answer.digest });
    expect(again).toEqual({ epoch: 1, begunAt: answer.begunAt, counter: 1, digest: answer.digest });
    expect(ask(world, 'nobody', undefined)).toMatchObject({ counter: 0, pods: [] });
  });

  it('refuses a question that it cannot read, and hears the next', () => {
    const world = begun(podOf('p', 'a'));
    expect(ask(world, 'a', new Uint8Array([0xc1]))).toMatchObject({ kind: 'Status', status: 'Failure' });
    expect(ask(world, 'a', { node: 'a' }).pods).toHaveLength(1);
  });

  it('keeps counting after a rehearsed crash', () => {
    const world = begun(podOf('p', 'a'));
    world.said();
    world.crash();
    world.put('pods', podOf('q', 'a'));
    world.settle();
    expect(told(world)).toEqual(['a 1.2 +q']);
  });

  it('splits what is too much for one message', () => {
    const world = begun();
    for (let at = 0; at < 120; at++) world.put('pods', podOf(`p${at}`, 'a'));
    world.settle();
    expect(world.said('sendPods').map(({ body }) => (body as NodePods).changed.length)).toEqual([50, 50, 20]);
  });

  it('splits by size too, and what is too much for one answer goes ahead of it', () => {
    const world = begun();
    world.put('configmaps', conf('x'.repeat(400_000)));
    for (let at = 0; at < 5; at++) world.put('pods', podOf(`p${at}`, 'a', refers));
    world.settle();
    expect(told(world)).toEqual(['a 1.1 +p0 +p1', 'a 1.2 +p2 +p3', 'a 1.3 +p4']);
    world.call(SUBJECTS.dispatch, { node: 'a' }, { node: 'a' });
    expect(told(world)).toEqual(['a 1.4 +p0 +p1', 'a 1.5 +p2 +p3']);
    const answer = world.said('reply').at(-1)?.body as DispatchAnswer;
    expect(answer).toMatchObject({ counter: 5, listed: ['uid-p0', 'uid-p1', 'uid-p2', 'uid-p3', 'uid-p4'] });
    expect(answer.pods).toHaveLength(1);
    expect(ask(world, 'a', { node: 'a', digest: answer.digest })).toEqual({
      epoch: 1,
      begunAt: answer.begunAt,
      counter: 5,
      digest: answer.digest,
    });
  });

  it('names alone the ConfigMaps of one pod that are too much for a message', () => {
    const world = begun();
    const names = Array.from({ length: 12 }, (_, at) => `conf-${String(at).padStart(2, '0')}`);
    const big = { KEY: 'ж'.repeat(500_000) };
    for (const name of names) {
      const map: ConfigMap = { metadata: { namespace: 'd', name }, data: big };
      world.put('configmaps', map);
    }
    const envFrom = names.map((name) => ({ configMapRef: { name } }));
    world.put('pods', podOf('p', 'a', { containers: [{ name: 'c', envFrom }] }));
    world.put('pods', podOf('q', 'a'));
    world.settle();
    const bodies = world.said('sendPods').map(({ body }) => body as NodePods);
    const [first] = bodies.flatMap(({ changed }) => changed);
    expect(Object.keys(first?.configMaps ?? {})).toHaveLength(4);
    expect(first?.leftOut).toEqual(names.slice(4).map((name) => `d/${name}`));
    const answer = ask(world, 'a', { node: 'a' });
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(6 * 1024 * 1024);
    expect(answer.listed ?? answer.pods).toHaveLength(2);
  });

  it('costs what a change touches: 1,000 nodes with 5,000 pods', () => {
    const world = new TestWorld(dispatcher);
    for (let at = 0; at < 5000; at++) world.put('pods', podOf(`p${at}`, `n${at % 1000}`));
    world.start().said();
    const before = process.cpuUsage(); // others may keep the machine busy meanwhile
    for (let at = 0; at < 1000; at++) {
      world.put('pods', podOf(`p${at}`, `n${at % 1000}`, { activeDeadlineSeconds: 1 }));
      world.settle();
    }
    expect(world.said('sendPods')).toHaveLength(1000);
    const { user, system } = process.cpuUsage(before);
    expect((user + system) / 1000 / 1000).toBeLessThan(5); // milliseconds a change; 0.1 by itself
  });
});

describe('of a status alone', () => {
  const withStatus = (name: string, phase: string): Pod => ({ ...podOf(name, 'a'), status: { phase } });
  const phases = (world: TestWorld): unknown[] =>
    world.said('sendPods').map(({ body }) => (body as NodePods).changed.map(({ pod }) => pod.status?.phase));

  it('the newest is told after a moment, with those of other pods', () => {
    const world = begun(podOf('p', 'a'), podOf('q', 'a'));
    world.said();
    world.put('pods', withStatus('p', 'Pending'));
    world.settle().advance(STATUS_NEWS_MS - 1);
    world.put('pods', withStatus('p', 'Running'));
    world.put('pods', withStatus('q', 'Pending'));
    world.settle();
    expect(phases(world)).toEqual([]);
    world.advance(1);
    expect(phases(world)).toEqual([['Running', 'Pending']]);
    world.advance(10 * STATUS_NEWS_MS);
    expect(phases(world)).toEqual([]);
    world.put('pods', withStatus('p', 'Succeeded'));
    world.settle().advance(STATUS_NEWS_MS);
    expect(phases(world)).toEqual([['Succeeded']]);
    expect(Object.keys(world.cells()).filter((name) => name.startsWith('late'))).toEqual([]);
  });

  it('is told with what else changes, at once, and not again', () => {
    const world = begun(podOf('p', 'a'), podOf('q', 'a'));
    world.said();
    world.put('pods', withStatus('p', 'Running'));
    world.put('pods', withStatus('q', 'Running'));
    world.settle();
    world.put('pods', { ...withStatus('p', 'Running'), metadata: { ...podOf('p').metadata, labels: { a: 'b' } } });
    world.settle();
    expect(told(world)).toEqual(['a 1.2 +p']);
    world.remove('pods', 'd', 'q');
    world.settle();
    expect(told(world)).toEqual(['a 1.3 -q']);
    world.advance(10 * STATUS_NEWS_MS);
    expect(told(world)).toEqual([]);
  });

  it('a pod that leaves its node, or takes the name of another, is no such news', () => {
    const world = begun(podOf('p', 'a'));
    world.said();
    world.put('pods', { ...withStatus('p', 'Pending'), metadata: { ...podOf('p').metadata, uid: 'another' } });
    world.settle();
    expect(told(world)).toEqual(['a 1.2 -p +p']);
  });

  it('survives a crash', () => {
    const world = begun(podOf('p', 'a'));
    world.said();
    world.put('pods', withStatus('p', 'Running'));
    world.settle().crash();
    expect(phases(world)).toEqual([]);
    world.advance(STATUS_NEWS_MS);
    expect(phases(world)).toEqual([['Running']]);
  });
});

it('a node that is gone with its pods is counted no more; one of its name begins above', () => {
  const world = begun(podOf('p', 'a'));
  world.put('nodes', { metadata: { name: 'a' } });
  world.settle();
  world.said();
  for (const name of ['q', 'r']) world.put('pods', podOf(name, 'a'));
  world.settle();
  world.remove('nodes', '', 'a');
  for (const name of ['p', 'q', 'r']) world.remove('pods', 'd', name);
  world.settle();
  expect(Object.keys(world.cells()).filter((name) => name.startsWith('counter/'))).toEqual([]);
  world.said();
  world.put('pods', podOf('s', 'a'));
  world.settle();
  expect(told(world)).toEqual(['a 1.4 +s']);
});
