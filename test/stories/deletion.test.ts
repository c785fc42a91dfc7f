import { expect, it, vi } from 'vitest';
import type { Status } from '../../contracts/errors/status.ts';
import type { ConfigMap, Deployment, Namespace, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import type { KubeList } from '../../contracts/messages/api.ts';
import type { Client } from '../../ops/client/client.ts';
import { expectRefused } from '../support/expect-refused.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { deploymentManifest, nameOf, podRuns, podsOf, settled, uidOf } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const HERE = { namespace: 'default' };
const at = (name: string) => ({ ...HERE, name });
const settings = (name: string, metadata: object = {}) => ({ metadata: { name, ...metadata }, data: { a: '1' } });
const owned = (by: ConfigMap, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: by.metadata?.name,
  uid: by.metadata?.uid,
  ...more,
});

const isThere = async (client: Client, resource: string, target: { namespace?: string; name: string }) => {
  const { items } = await client.list(
    resource,
    { namespace: target.namespace },
    { fieldSelector: `metadata.name=${target.name}` },
  );
  return items.length > 0;
};
const gone = (client: Client, resource: string, name: string, namespace = 'default') =>
  waitUntil(
    `${resource} ${name} is gone`,
    WITHIN_MS,
    async () => !(await isThere(client, resource, { namespace, name })),
  );

/*
 * Goal: a namespace takes everything in it along, and waits for what is held.
 * Method: a namespace with a running Deployment and one of each kind, one of which somebody else's finalizer holds.
 */
it.concurrent(
  'a deleted namespace is emptied, takes nothing new, and goes when the last object is let go',
  onCluster({}, async (cluster) => {
    const { client } = cluster;
    await client.create('namespaces', undefined, { metadata: { name: 'shop' } });
    const inShop = { namespace: 'shop' };
    const manifest = JSON.parse(
      deploymentManifest({ name: 'web', replicas: 2, image: 'app', graceSeconds: 5 }),
    ) as Deployment;
    await client.create('deployments', 'shop', { ...manifest, metadata: { name: 'web' } });
    await client.create('configmaps', 'shop', settings('held', { finalizers: ['example.com/hold'] }));
    await client.create('configmaps', 'shop', settings('free'));
    await client.create('secrets', 'shop', { metadata: { name: 'key' }, stringData: { a: 'b' } });
    await waitUntil('the namespace is full', WITHIN_MS, async () => {
      const pods = await client.list<Pod>('pods', inShop);
      const accounts = await client.list('serviceaccounts', inShop);
      return (
        accounts.items.length === 1 &&
        pods.items.length === 2 &&
        pods.items.every(({ status }) => status?.phase === 'Running')
      );
    });

    const dying = await client.delete<Namespace>('namespaces', { name: 'shop' });
    expect(dying.status?.phase).toBe('Terminating');
    expect(dying.metadata?.deletionTimestamp).toBeDefined();
    await expectRefused(
      client.create('configmaps', 'shop', settings('late')),
      'Forbidden',
      /because it is being terminated/,
    );
    const manifested = await client.applyManifest(
      'shop',
      JSON.stringify({ apiVersion: 'v1', kind: 'ConfigMap', ...settings('late') }),
    );
    expect(manifested.items[0]?.status?.reason).toBe('Forbidden');
    for (const resource of ['deployments', 'replicasets', 'pods', 'secrets', 'serviceaccounts']) {
      await waitUntil(
        `no ${resource} are left`,
        WITHIN_MS,
        async () => (await client.list(resource, inShop)).items.length === 0,
      );
    }
    const left = await client.list<ConfigMap>('configmaps', inShop);
    expect(left.items.map(({ metadata }) => metadata?.name)).toEqual(['held']);
    expect(left.items[0]?.metadata?.deletionTimestamp).toBeDefined();
    expect((await client.get<Namespace>('namespaces', { name: 'shop' })).status?.phase).toBe('Terminating');
    // Deleting it once more changes nothing, and nobody may add what would hold it.
    await client.delete('namespaces', { name: 'shop' });
    const more = { metadata: { finalizers: ['example.com/hold', 'example.com/more'] } };
    await expectRefused(client.patch('configmaps', { ...inShop, name: 'held' }, more), 'Invalid', /no new finalizers/);

    await client.patch('configmaps', { ...inShop, name: 'held' }, { metadata: { finalizers: null } });
    await gone(client, 'namespaces', 'shop', '');
    await expectRefused(client.get('configmaps', { ...inShop, name: 'held' }), 'NotFound');

    await client.create('namespaces', undefined, { metadata: { name: 'shop' } });
    await client.create('configmaps', 'shop', settings('free'));
    await expectRefused(client.delete('namespaces', { name: 'default' }), 'Forbidden');
  }),
);

/*
 * Goal: an object goes when nobody holds it any more, and not before; a pod gets the time that it was promised.
 * Method: finalizers on an object and on a pod, whose container ends when told to, or only when killed.
 */
it.concurrent(
  'finalizers hold an object, grace holds a pod, and both together hold it until both are over',
  onCluster(
    { runtime: { images: { polite: { run: { stopMs: 50 } }, deaf: { run: { ignoresTerm: true } } } } },
    async ({ client, engine }) => {
      const made = await client.create<ConfigMap>(
        'configmaps',
        'default',
        settings('held', { finalizers: ['example.com/a', 'example.com/b'] }),
      );
      const marked = await client.delete<ConfigMap>('configmaps', at('held'));
      expect(marked.metadata).toMatchObject({ uid: made.metadata?.uid, deletionGracePeriodSeconds: 0 });
      expect(marked.metadata?.deletionTimestamp).toBeDefined();
      // Deleted again it is as it was: no new version, no new moment.
      expect(await client.delete('configmaps', at('held'))).toEqual(marked);
      // Its content may still be written, its end not taken back.
      const revived = await client.patch<ConfigMap>('configmaps', at('held'), {
        data: { b: '2' },
        metadata: { deletionTimestamp: null },
      });
      expect(revived.metadata?.deletionTimestamp).toBe(marked.metadata?.deletionTimestamp);
      await expectRefused(client.create('configmaps', 'default', settings('held')), 'AlreadyExists');
      await client.patch('configmaps', at('held'), { metadata: { finalizers: ['example.com/b'] } });
      expect(await isThere(client, 'configmaps', at('held'))).toBe(true);
      const last = await client.patch<ConfigMap>('configmaps', at('held'), [
        { op: 'remove', path: '/metadata/finalizers/0' },
      ]);
      expect(last.data).toEqual({ a: '1', b: '2' });
      await expectRefused(client.get('configmaps', at('held')), 'NotFound');
      const again = await client.create<ConfigMap>('configmaps', 'default', settings('held'));
      expect(again.metadata?.uid).not.toBe(made.metadata?.uid);
      expect(await client.delete<Status>('configmaps', at('held'))).toMatchObject({
        kind: 'Status',
        status: 'Success',
        details: { uid: again.metadata?.uid },
      });
      await expectRefused(client.delete('configmaps', at('held')), 'NotFound', /configmaps "held" not found/);

      const pod = (name: string, image: string, seconds: number, finalizers: readonly string[] = []) => ({
        metadata: { name, finalizers },
        spec: { terminationGracePeriodSeconds: seconds, containers: [{ name: 'main', image }] },
      });
      for (const one of [
        pod('polite', 'polite', 30),
        pod('deaf', 'deaf', 1),
        pod('stuck', 'deaf', 600),
        pod('kept', 'polite', 30, ['example.com/log']),
      ])
        await client.create('pods', 'default', one);
      for (const name of ['polite', 'deaf', 'stuck', 'kept']) await podRuns(client, name);
      const leaving = await client.delete<Pod>('pods', at('polite'));
      expect(leaving.metadata?.deletionGracePeriodSeconds).toBe(30);
      const seconds = (Date.parse(leaving.metadata?.deletionTimestamp ?? '') - Date.now()) / 1000;
      expect(Math.round(seconds)).toBeGreaterThan(25);
      await gone(client, 'pods', 'polite');
      await client.delete('pods', at('deaf'));
      await client.delete('pods', at('stuck'));
      await client.delete('pods', at('kept'));
      // Nobody waits ten minutes for it: a shorter grace counts, a longer one does not.
      await client.delete('pods', at('stuck'), { gracePeriodSeconds: 900 });
      expect((await client.get<Pod>('pods', at('stuck'))).metadata?.deletionGracePeriodSeconds).toBe(600);
      await client.delete('pods', at('stuck'), { gracePeriodSeconds: 1 });
      await gone(client, 'pods', 'deaf');
      await gone(client, 'pods', 'stuck');
      const kept = await waitUntil('its containers are over', WITHIN_MS, async () => {
        const found = await client.get<Pod>('pods', at('kept'));
        return found.status?.containerStatuses?.[0]?.state?.terminated !== undefined && found;
      });
      expect(kept.metadata?.finalizers).toEqual(['example.com/log']);
      await waitUntil(
        'it is held by its finalizer alone',
        WITHIN_MS,
        async () => (await client.get<Pod>('pods', at('kept'))).metadata?.deletionGracePeriodSeconds === 0,
      );
      await client.patch('pods', at('kept'), { metadata: { finalizers: null } });
      await gone(client, 'pods', 'kept');

      await client.create('pods', 'default', pod('forced', 'deaf', 600));
      await podRuns(client, 'forced');
      expect(await client.delete<Status>('pods', at('forced'), { gracePeriodSeconds: 0 })).toMatchObject({
        status: 'Success',
      });
      expect(await isThere(client, 'pods', at('forced'))).toBe(false);
      await waitUntil('nothing runs any more', WITHIN_MS, () => engine.node('n1').containers.size === 0);
      await waitUntil('no sandbox is left', WITHIN_MS, () => engine.node('n1').sandboxes.size === 0);
    },
  ),
);

/*
 * Goal: what an owner leaves behind goes the way that was asked for: after it, before it, or not at all.
 * Method: a Deployment deleted in each of the three ways, and trees of ConfigMaps with several owners.
 */
it.concurrent(
  'dependents go after their owner (Background), before it (Foreground), or stay (Orphan)',
  onCluster({}, async ({ client }) => {
    const web = { name: 'web', replicas: 2, image: 'app', graceSeconds: 5 };
    const apply = () => client.applyManifest('default', deploymentManifest(web));
    const setsOf = async () => (await client.list<ReplicaSet>('replicasets', HERE, { labelSelector: 'app=web' })).items;
    const ended = async () => {
      await waitUntil(
        'nothing of it is left',
        WITHIN_MS,
        async () => (await podsOf(client, 'web')).length + (await setsOf()).length === 0,
      );
    };

    await apply();
    await settled(client, web);
    expect(await client.delete('deployments', at('web'), { propagationPolicy: 'Background' })).toMatchObject({
      status: 'Success',
    });
    expect(await isThere(client, 'deployments', at('web'))).toBe(false);
    await ended();

    await apply();
    await settled(client, web);
    const order: string[] = [];
    const seen = client.connection.subscribe('troupe.changes.*.default.*', {
      callback: (_, { subject, data }) => {
        const [, , resource = ''] = subject.split('.');
        if (data.length === 0 && resource !== 'events') order.push(resource);
      },
    });
    await client.connection.flush();
    const waiting = await client.delete<Deployment>('deployments', at('web'), { propagationPolicy: 'Foreground' });
    expect(waiting.metadata?.finalizers).toEqual(['foregroundDeletion']);
    await gone(client, 'deployments', 'web');
    seen.unsubscribe();
    expect(order).toEqual(['pods', 'pods', 'replicasets', 'deployments']);

    await apply();
    const before = await settled(client, web);
    const [set] = await setsOf();
    await client.delete('deployments', at('web'), { propagationPolicy: 'Orphan' });
    await gone(client, 'deployments', 'web');
    const [orphan] = await setsOf();
    expect([orphan?.metadata?.uid, orphan?.metadata?.ownerReferences ?? []]).toEqual([set?.metadata?.uid, []]);
    expect((await podsOf(client, 'web')).map(uidOf)).toEqual(before.map(uidOf));
    // Whoever wants the same again takes over what was left.
    await apply();
    await waitUntil('the orphan is adopted', WITHIN_MS, async () => {
      const [found, ...others] = await setsOf();
      return (
        others.length === 0 &&
        found?.metadata?.uid === set?.metadata?.uid &&
        (found?.metadata?.ownerReferences ?? []).length === 1
      );
    });
    expect((await settled(client, web)).map(uidOf)).toEqual(before.map(uidOf));
    await client.delete('replicasets', at(set?.metadata?.name ?? ''), { propagationPolicy: 'Orphan' });
    await waitUntil('a new set adopts the pods', WITHIN_MS, async () => {
      const [found] = await setsOf();
      const pods = await podsOf(client, 'web');
      return (
        found?.metadata?.uid !== set?.metadata?.uid &&
        pods.length === 2 &&
        pods.every(({ metadata }) => metadata?.ownerReferences?.[0]?.uid === found?.metadata?.uid)
      );
    });
    expect((await podsOf(client, 'web')).map(nameOf).sort()).toEqual(before.map(nameOf).sort());
    await client.delete('deployments', at('web'));
    await ended();
  }),
);

it.concurrent(
  'an object goes when the last of its owners does, also when that was gone before, or is of another namespace',
  onCluster({}, async ({ client }) => {
    const create = (name: string, ownerReferences: readonly object[] = [], more: object = {}) =>
      client.create<ConfigMap>('configmaps', 'default', settings(name, { ownerReferences, ...more }));
    const [first, second] = [await create('first'), await create('second')];
    await create('both', [owned(first), owned(second)]);
    const child = await create('child', [owned(first)]);
    await create('grandchild', [owned(child)]);
    await create('blocking', [owned(second, { blockOwnerDeletion: true })], { finalizers: ['example.com/hold'] });
    await create('lenient', [owned(second)], { finalizers: ['example.com/hold'] });

    await client.delete('configmaps', at('first'));
    await gone(client, 'configmaps', 'child');
    await gone(client, 'configmaps', 'grandchild');
    await waitUntil('the reference to the owner that is gone goes', WITHIN_MS, async () => {
      const { metadata } = await client.get<ConfigMap>('configmaps', at('both'));
      return metadata?.ownerReferences?.length === 1 && metadata.ownerReferences[0]?.uid === second.metadata?.uid;
    });

    await client.delete('configmaps', at('second'), { propagationPolicy: 'Foreground' });
    await gone(client, 'configmaps', 'both');
    for (const name of ['blocking', 'lenient'])
      await waitUntil(
        `${name} is asked to go`,
        WITHIN_MS,
        async () => (await client.get<ConfigMap>('configmaps', at(name))).metadata?.deletionTimestamp !== undefined,
      );
    expect(await isThere(client, 'configmaps', at('second'))).toBe(true);
    await client.patch('configmaps', at('blocking'), { metadata: { finalizers: null } });
    await gone(client, 'configmaps', 'second'); // the lenient one is not waited for
    expect(await isThere(client, 'configmaps', at('lenient'))).toBe(true);

    await create('late', [owned(first)]);
    await gone(client, 'configmaps', 'late');
    await client.create('namespaces', undefined, { metadata: { name: 'far' } });
    const far = await client.create<ConfigMap>('configmaps', 'far', settings('far'));
    await create('abroad', [owned(far)]);
    await gone(client, 'configmaps', 'abroad');
    expect(await isThere(client, 'configmaps', { namespace: 'far', name: 'far' })).toBe(true);
    // An owner of a kind that nobody here knows can't be known to be gone.
    await create('foreign', [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'w', uid: 'u' }]);
    const two = { apiVersion: 'v1', kind: 'ConfigMap', name: 'x', uid: 'y', controller: true };
    await expectRefused(
      create('torn', [two, { ...two, uid: 'z' }]),
      'Invalid',
      /Only one reference can have Controller/,
    );

    const chosen = await client.request<KubeList>('delete', 'configmaps', HERE, { labelSelector: 'none=such' });
    expect(chosen.items).toEqual([]);
    expect(await isThere(client, 'configmaps', at('foreign'))).toBe(true);
  }),
);
