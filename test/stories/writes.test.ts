import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import { encodeMsgpack, MSGPACK_TYPE } from '../../contracts/codec/codec.ts';
import type { ConfigMap, Deployment, Node, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import { conditionOf } from '../../contracts/kinds/meta/conditions.ts';
import type { Scale } from '../../contracts/messages/api.ts';
import type { Client } from '../../ops/client/client.ts';
import { expectRefused } from '../support/expect-refused.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { deploymentManifest, podRuns, settled } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const HERE = { namespace: 'default' };
const at = (name: string) => ({ ...HERE, name });
const JSON_PATCH = 'application/json-patch+json';

const create = (client: Client, name: string, more: object = {}) =>
  client.create<ConfigMap>('configmaps', 'default', { metadata: { name }, ...more });

/** A patch of a stated type, as an HTTP client would send it. */
const patchAs = async (
  client: Client,
  type: string,
  target: { namespace: string; name: string },
  body: unknown,
  resource = 'configmaps',
) =>
  client.decode<ConfigMap>(
    await client.ask(client.subject('patch', resource, target), new TextEncoder().encode(JSON.stringify(body)), type),
  );

/*
 * Goal: of many who write one object at once each learns what became of its write, and none is lost.
 * Method: counters raised by twenty writers who read, write what they read with its version, and try again on 409.
 */
it.concurrent(
  'of writers who name the version they read one wins, and the others are told 409',
  onCluster({}, async ({ client }) => {
    const made = await create(client, 'shared', { data: { n: '0' } });
    const first = await client.request<ConfigMap>('update', 'configmaps', at('shared'), { ...made, data: { n: '1' } });
    expect(Number(first.metadata?.resourceVersion)).toBeGreaterThan(Number(made.metadata?.resourceVersion));
    const stale = client.request('update', 'configmaps', at('shared'), { ...made, data: { n: '2' } });
    await expectRefused(
      stale,
      'Conflict',
      /Operation cannot be fulfilled on configmaps "shared": the object has been modified/,
    );
    const metadata = { resourceVersion: made.metadata?.resourceVersion ?? '' };
    await expectRefused(client.patch('configmaps', at('shared'), { metadata, data: { n: '2' } }), 'Conflict');
    await expectRefused(
      client.patch('configmaps', at('shared'), { metadata: { uid: 'other' }, data: { n: '2' } }),
      'Conflict',
      /UID/,
    );
    await expectRefused(
      client.delete('configmaps', at('shared'), { preconditions: metadata }),
      'Conflict',
      /Precondition failed/,
    );
    await expectRefused(
      client.delete('configmaps', at('shared'), { preconditions: { uid: 'other' } }),
      'Conflict',
      /Precondition failed/,
    );
    expect((await client.get<ConfigMap>('configmaps', at('shared'))).data).toEqual({ n: '1' });

    let conflicts = 0;
    const raise = async (): Promise<void> => {
      for (;;) {
        const read = await client.get<ConfigMap>('configmaps', at('shared'));
        const n = String(Number(read.data?.['n']) + 1);
        try {
          await client.request('update', 'configmaps', at('shared'), { ...read, data: { n } });
          return;
        } catch (error) {
          if ((error as { reason?: string }).reason !== 'Conflict') throw error;
          conflicts += 1;
        }
      }
    };
    await Promise.all(Array.from({ length: 20 }, raise));
    expect((await client.get<ConfigMap>('configmaps', at('shared'))).data).toEqual({ n: '21' });
    expect(conflicts).toBeGreaterThan(0);

    // Patches that name no version meet each other and all take effect.
    const patches = Array.from({ length: 20 }, (_, n) =>
      client.patch('configmaps', at('shared'), { data: { [`by-${n}`]: 'x' } }),
    );
    await Promise.all(patches);
    expect(Object.keys((await client.get<ConfigMap>('configmaps', at('shared'))).data ?? {})).toHaveLength(21);

    // Of those who create one name one wins.
    const creations = await Promise.allSettled(Array.from({ length: 10 }, () => create(client, 'one')));
    expect(creations.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    const refused = creations.flatMap((each) =>
      each.status === 'rejected' ? [(each.reason as { reason: string }).reason] : [],
    );
    expect(new Set(refused)).toEqual(new Set(['AlreadyExists']));
    // A write that changes nothing is none.
    const before = await client.get<ConfigMap>('configmaps', at('shared'));
    expect(await client.request('update', 'configmaps', at('shared'), before)).toEqual(before);
    expect(await client.patch('configmaps', at('shared'), {})).toEqual(before);
  }),
);

/*
 * Goal: JSON patches and merge patches do what their RFCs say, or nothing at all.
 * Method: each operation and its refusals over the wire; then random merge patches against RFC 7396's own few lines.
 */
it.concurrent(
  'patches change exactly what they name, all of it or nothing',
  onCluster({}, async ({ client }) => {
    const made = await create(client, 'p', {
      data: { a: '1', b: '2' },
      metadata: { name: 'p', annotations: { 'x.com/y': '2' } },
    });
    const data = async () => (await client.get<ConfigMap>('configmaps', at('p'))).data;
    const operate = (...operations: object[]) => patchAs(client, JSON_PATCH, at('p'), operations);

    await operate(
      { op: 'add', path: '/data/d', value: '4' },
      { op: 'copy', from: '/data/d', path: '/data/e' },
      { op: 'move', from: '/metadata/annotations/x.com~1y', path: '/data/f' },
      { op: 'remove', path: '/data/b' },
    );
    expect(await data()).toEqual({ a: '1', d: '4', e: '4', f: '2' });
    await operate(
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'replace', path: '/data/a', value: '9' },
      { op: 'remove', path: '/data/d' },
    );
    expect(await data()).toEqual({ a: '9', e: '4', f: '2' });
    const failed = operate({ op: 'remove', path: '/data/e' }, { op: 'test', path: '/data/a', value: 'other' });
    await expectRefused(failed, 'Invalid', /operation 1 \(test \/data\/a\)/);
    await expectRefused(operate({ op: 'remove', path: '/data/none' }), 'Invalid', /nothing exists at that path/);
    await expectRefused(operate({ op: 'replace', path: '/data/none', value: '1' }), 'Invalid');
    await expectRefused(operate({ op: 'add', path: '/spec/replicas', value: 1 }), 'Invalid');
    await expectRefused(operate({ op: 'put', path: '/data/a', value: '1' }), 'BadRequest', /unknown "op"/);
    await expectRefused(operate({ op: 'add', path: '/data/a', value: 1 }), 'Invalid', /data/);
    await expectRefused(operate({ op: 'replace', path: '/metadata/name', value: 'q' }), 'BadRequest', /name/);
    await expectRefused(operate({ op: 'replace', path: '/kind', value: 'Secret' }), 'BadRequest', /kind/);
    expect(await data()).toEqual({ a: '9', e: '4', f: '2' });
    // What the server owns stays as it was.
    const owned = await patchAs(client, JSON_PATCH, at('p'), [
      { op: 'add', path: '/metadata/creationTimestamp', value: '2001-01-01T00:00:00Z' },
      { op: 'add', path: '/metadata/generation', value: 77 },
    ]);
    expect(owned.metadata?.creationTimestamp).toBe(made.metadata?.creationTimestamp);
    expect(owned.metadata?.generation).toBe(made.metadata?.generation);

    await client.patch('configmaps', at('p'), {
      data: { a: null, e: '5' },
      metadata: { labels: { x: 'y' }, annotations: null },
    });
    const merged = await client.get<ConfigMap>('configmaps', at('p'));
    expect([merged.data, merged.metadata?.labels]).toEqual([{ e: '5', f: '2' }, { x: 'y' }]);
    await expectRefused(client.patch('configmaps', at('p'), { dota: { a: '1' } }), 'Invalid', /dota.*data/);
    await expectRefused(
      patchAs(client, 'application/strategic-merge-patch+json', at('p'), {}),
      'UnsupportedMediaType',
      /merge-patch\+json/,
    );
    await expectRefused(
      patchAs(client, 'application/apply-patch+yaml', at('p'), {}),
      'UnsupportedMediaType',
      /verb apply/,
    );
    await expectRefused(client.patch('configmaps', at('nobody'), { data: {} }), 'NotFound');
    await client.patch('configmaps', at('p'), { immutable: true });
    await expectRefused(client.patch('configmaps', at('p'), { data: { e: '6' } }), 'Invalid', /immutable/);
    await client.patch('configmaps', at('p'), { metadata: { labels: { x: 'z' } } });

    // Lists are replaced as wholes by a merge patch.
    const pod = {
      metadata: { name: 'listed' },
      spec: {
        schedulerName: 'none',
        containers: [
          { name: 'a', image: 'a' },
          { name: 'b', image: 'b' },
        ],
      },
    };
    await client.create('pods', 'default', pod);
    await expectRefused(
      client.patch('pods', at('listed'), { spec: { containers: [{ name: 'a', image: 'c' }] } }),
      'Invalid',
      /may not|Forbidden/,
    );
    const imaged = await client.patch<Pod>('pods', at('listed'), [
      { op: 'replace', path: '/spec/containers/1/image', value: 'c' },
    ]);
    expect(imaged.spec?.containers.map(({ image }) => image)).toEqual(['a', 'c']);

    const text = fc.string({ unit: fc.constantFrom('a', 'b', '0', '-'), maxLength: 3 });
    const key = fc.constantFrom('k', 'l', 'm', 'n');
    await create(client, 'random', { data: {} });
    await fc.assert(
      fc.asyncProperty(fc.dictionary(key, fc.option(text)), fc.dictionary(key, text), async (change, start) => {
        await client.request('update', 'configmaps', at('random'), { metadata: { name: 'random' }, data: start });
        const after = await client.patch<ConfigMap>('configmaps', at('random'), { data: change });
        const wanted = Object.fromEntries(
          Object.entries({ ...start, ...change }).filter(([, value]) => value !== null),
        );
        expect(after.data ?? {}).toEqual(wanted);
      }),
      { numRuns: 25, seed: 7 },
    );
  }),
);

/*
 * Goal: each subresource changes its own part and no other, whoever writes.
 * Method: status, spec, scale and binding written with bodies that try to change the rest as well.
 */
it.concurrent(
  'a status write never changes the spec, a spec write never the status; scale and binding change one field',
  onCluster({ nodes: ['n1', 'n2'] }, async ({ client }) => {
    const web = { name: 'web', replicas: 1, image: 'one', graceSeconds: 0 };
    await client.applyManifest('default', deploymentManifest(web));
    await settled(client, web);
    // Nobody looks after a set without a template's Deployment but its controller; a paused Deployment's spec is at rest.
    const [set] = (await client.list<ReplicaSet>('replicasets', HERE)).items;
    const name = set?.metadata?.name ?? '';
    const changed = { ...set, metadata: { ...set?.metadata, resourceVersion: undefined, labels: { app: 'other' } } };
    const status = await client.request<ReplicaSet>('update', 'replicasets/status', at(name), {
      ...changed,
      spec: { ...set?.spec, replicas: 9 },
      status: { ...set?.status, fullyLabeledReplicas: 7 },
    });
    expect([status.spec?.replicas, status.metadata?.labels?.['app'], status.metadata?.generation]).toEqual([
      1,
      'web',
      set?.metadata?.generation,
    ]);
    expect(status.status?.fullyLabeledReplicas).toBe(7);
    const spec = await client.patch<ReplicaSet>('replicasets', at(name), {
      metadata: { labels: { more: 'x' } },
      status: { replicas: 99, fullyLabeledReplicas: 98 },
    });
    expect(spec.status?.replicas).toBe(1);
    expect(spec.metadata?.labels).toMatchObject({ more: 'x' });
    expect(spec.metadata?.generation).toBe(set?.metadata?.generation);
    expect((await client.get<ReplicaSet>('replicasets/status', at(name))).metadata?.uid).toBe(set?.metadata?.uid);

    const scale = await client.get<Scale>('deployments/scale', at('web'));
    expect(scale).toMatchObject({
      apiVersion: 'autoscaling/v1',
      kind: 'Scale',
      spec: { replicas: 1 },
      status: { replicas: 1, selector: 'app=web' },
    });
    const before = await client.get<Deployment>('deployments', at('web'));
    const scaled = await client.request<Scale>('update', 'deployments/scale', at('web'), {
      ...scale,
      metadata: { ...scale.metadata, resourceVersion: undefined, labels: { no: 'thing' } },
      spec: { replicas: 3 },
    });
    expect(scaled.spec.replicas).toBe(3);
    const after = await client.get<Deployment>('deployments', at('web'));
    expect(after.spec).toEqual({ ...before.spec, replicas: 3 });
    expect([after.metadata?.labels, after.metadata?.generation]).toEqual([
      before.metadata?.labels,
      (before.metadata?.generation ?? 0) + 1,
    ]);
    await settled(client, { ...web, replicas: 3 });
    await expectRefused(
      client.request('update', 'deployments/scale', at('web'), { ...scale, spec: { replicas: 5 } }),
      'Conflict',
    );
    for (const replicas of [-1, 1.5, '2', null])
      await expectRefused(client.patch('deployments/scale', at('web'), { spec: { replicas } }), 'Invalid', /replicas/);
    await client.patch('deployments/scale', at('web'), [{ op: 'replace', path: '/spec/replicas', value: 0 }]);
    await settled(client, { ...web, replicas: 0 });

    const pod = (podName: string) => ({
      metadata: { name: podName, labels: { a: 'b' } },
      spec: { schedulerName: 'by-hand', containers: [{ name: 'main', image: 'one' }] },
    });
    const target = (node: string, more: object = {}) => ({
      metadata: { name: 'hand', ...more },
      target: { kind: 'Node', name: node },
    });
    const made = await client.create<Pod>('pods', 'default', {
      ...pod('hand'),
      status: { phase: 'Running', podIP: '1.2.3.4' },
    });
    expect(made.status).toMatchObject({ phase: 'Pending' });
    expect(made.status?.podIP).toBeUndefined();
    const bind = (body: object) => client.request('create', 'pods/binding', at('hand'), body);
    await expectRefused(bind(target('n1', { uid: 'other' })), 'Conflict', /UID/);
    await expectRefused(bind({ target: { kind: 'Pod', name: 'n1' } }), 'BadRequest', /Node/);
    expect(await bind(target('n1'))).toMatchObject({ status: 'Success' });
    await expectRefused(bind(target('n2')), 'Conflict', /already assigned to node "n1"/);
    await expectRefused(client.patch('pods', at('hand'), { spec: { nodeName: 'n2' } }), 'Invalid');
    const running = await podRuns(client, 'hand');
    expect(running.metadata?.labels).toEqual({ a: 'b' });
    expect(conditionOf(running.status, 'PodScheduled')?.status).toBe('True');
    const told = await client.patch<Pod>('pods/status', at('hand'), {
      metadata: { labels: { a: 'c' } },
      spec: { nodeName: 'n2' },
      status: { nominatedNodeName: 'n2' },
    });
    expect([told.spec?.nodeName, told.metadata?.labels?.['a'], told.status?.nominatedNodeName]).toEqual([
      'n1',
      'b',
      'n2',
    ]);

    const node = await client.patch<Node>(
      'nodes/status',
      { name: 'n1' },
      { spec: { unschedulable: true }, status: { capacity: { 'example.com/gpu': '1' } } },
    );
    expect([node.spec?.unschedulable, node.status?.capacity?.['example.com/gpu']]).toEqual([undefined, '1']);
    await expectRefused(
      client.request('update', 'configmaps/status', at('x'), {}),
      'NotFound',
      /no subresource "status"/,
    );
    await expectRefused(client.request('delete', 'pods/status', at('hand')), 'MethodNotAllowed', /get, update, patch/);
  }),
);

/*
 * Goal: what a person may try that makes no sense is refused with words that help, and never half done.
 * Method: names, places, versions, sizes and requests as people get them wrong.
 */
it.concurrent(
  'names are made, and whatever makes no sense is refused in words that help',
  onCluster({}, async ({ client }) => {
    const made = await Promise.all(
      Array.from({ length: 30 }, () =>
        client.create<ConfigMap>('configmaps', 'default', { metadata: { generateName: 'job-' } }),
      ),
    );
    const names = made.map(({ metadata }) => metadata?.name ?? '');
    expect(new Set(names).size).toBe(30);
    for (const name of names) expect(name).toMatch(/^job-[bcdfghjklmnpqrstvwxz2456789]{5}$/);
    expect(made[0]?.metadata?.generateName).toBe('job-');
    const long = await client.create<ConfigMap>('configmaps', 'default', {
      metadata: { generateName: `${'x'.repeat(300)}-` },
    });
    expect(long.metadata?.name).toMatch(/^x{58}[a-z0-9]{5}$/);
    const both = await client.create<ConfigMap>('configmaps', 'default', {
      metadata: { name: 'given', generateName: 'job-' },
    });
    expect(both.metadata?.name).toBe('given');
    const item = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { generateName: 'job-' } };
    const [applied] = (await client.applyManifest('default', JSON.stringify(item))).items;
    expect(applied?.status?.message).toMatch(/generateName is for the verb create/);

    const refusals: readonly (readonly [
      string,
      () => Promise<unknown>,
      Parameters<typeof expectRefused>[1],
      RegExp,
    ])[] = [
      [
        'no name',
        () => client.create('configmaps', 'default', { metadata: {} }),
        'Invalid',
        /name or generateName is required/,
      ],
      ['capitals', () => create(client, 'Upper'), 'Invalid', /metadata\.name.*lower case/],
      [
        'a place that is not there',
        () => client.create('configmaps', 'nowhere', { metadata: { name: 'a' } }),
        'NotFound',
        /namespaces "nowhere" not found/,
      ],
      [
        'two places',
        () => client.create('configmaps', 'default', { metadata: { name: 'a', namespace: 'other' } }),
        'BadRequest',
        /namespace/,
      ],
      [
        'two kinds',
        () => client.create('configmaps', 'default', { kind: 'Secret', metadata: { name: 'a' } }),
        'BadRequest',
        /ConfigMap/,
      ],
      [
        'a version that is not served',
        () => client.create('deployments', 'default', { apiVersion: 'apps/v2', metadata: { name: 'a' } }),
        'BadRequest',
        /apps\/v1/,
      ],
      [
        'a revision',
        () => create(client, 'a', { metadata: { name: 'a', resourceVersion: '1' } }),
        'BadRequest',
        /resourceVersion should not be set/,
      ],
      ['a resource misspelt', () => client.list('deploymnets', HERE), 'NotFound', /did you mean "deployments"/],
      ['a field misspelt', () => create(client, 'a', { datta: {} }), 'Invalid', /datta.*data/],
      ['a number for a text', () => create(client, 'a', { data: { n: 1 } }), 'Invalid', /data/],
      ['no object', () => client.request('create', 'configmaps', HERE, 'a'), 'BadRequest', /object/],
      ['nothing', () => client.request('create', 'configmaps', HERE), 'BadRequest', /body is empty/],
      [
        'a pod without containers',
        () => client.create('pods', 'default', { metadata: { name: 'a' }, spec: { containers: [] } }),
        'Invalid',
        /spec\.containers/,
      ],
      [
        'a template that the selector misses',
        () =>
          client.create('deployments', 'default', {
            metadata: { name: 'a' },
            spec: {
              selector: { matchLabels: { a: 'b' } },
              template: { metadata: { labels: { a: 'c' } }, spec: { containers: [{ name: 'a', image: 'a' }] } },
            },
          }),
        'Invalid',
        /selector/,
      ],
      [
        'too large',
        () => create(client, 'a', { data: { big: 'x'.repeat(1_600_000) } }),
        'RequestEntityTooLarge',
        /bytes/,
      ],
      [
        'too large by its keys',
        () => create(client, 'a', { data: { big: 'x'.repeat(1_100_000) } }),
        'Invalid',
        /1048576|too long/i,
      ],
      [
        'a dry run',
        () => client.request('delete', 'configmaps', at('given'), { dryRun: ['All'] }),
        'BadRequest',
        /dryRun/,
      ],
      [
        'an option misspelt',
        () => client.request('delete', 'configmaps', at('given'), { gracePeriodSecond: 1 }),
        'BadRequest',
        /gracePeriodSeconds/,
      ],
      ['to delete all of a cluster', () => client.request('delete', 'configmaps', {}), 'BadRequest', /namespace/],
      ['a verb of another', () => client.request('patch', 'pods/binding', at('a'), {}), 'MethodNotAllowed', /create/],
    ];
    for (const [what, request, reason, words] of refusals)
      await expectRefused(request(), reason, words).catch((error: unknown) => {
        throw new Error(`${what}: ${String(error)}`);
      });
    const left = (await client.list<ConfigMap>('configmaps', HERE)).items.map(({ metadata }) => metadata?.name);
    expect(new Set(left)).toEqual(new Set([...names, long.metadata?.name, 'given']));
    expect(left).toHaveLength(names.length + 2);

    const immutable = await client.create<Deployment>(
      'deployments',
      'default',
      JSON.parse(deploymentManifest({ name: 'fixed', replicas: 0, image: 'a' })),
    );
    await expectRefused(
      client.patch('deployments', at('fixed'), { spec: { selector: { matchLabels: { other: 'x' } } } }),
      'Invalid',
      /selector/,
    );
    await expectRefused(
      client.request('update', 'deployments', at('fixed'), {
        ...immutable,
        metadata: { ...immutable.metadata, name: 'renamed' },
      }),
      'BadRequest',
      /renamed/,
    );
    await expectRefused(
      client.request('update', 'deployments', at('none'), { ...immutable, metadata: { name: 'none' } }),
      'NotFound',
    );
    const rubbish = client.ask(client.subject('create', 'configmaps', HERE), encodeMsgpack([1, 2]), MSGPACK_TYPE);
    await expectRefused(
      rubbish.then((answer) => client.decode(answer)),
      'BadRequest',
      /must be a ConfigMap object/,
    );
  }),
);
