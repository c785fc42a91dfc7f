import { PassThrough } from 'node:stream';
import { text } from 'node:stream/consumers';
import { expect, it, vi } from 'vitest';
import { defineController } from '../../actors/kernel/controller.ts';
import { sinkOf } from '../../actors/sessions/link/stream-channels.ts';
import { api, watch } from '../../actors/kernel/declare.ts';
import type { ConfigMap, CustomResourceDefinition, KubeObject } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { ApiResourceList, WatchEvent } from '../../contracts/messages/api.ts';
import { StatusError } from '../../contracts/errors/status.ts';
import type { Client } from '../../ops/client/client.ts';
import { openExec } from '../../ops/client/session.ts';
import { watchObjects } from '../../ops/client/watch.ts';
import { hostActors } from '../../ops/embed/host-actors.ts';
import { alsoPlay } from '../../ops/replay/play/definitions.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const WIDGETS = 'widgets.example.com';
const DEFINITION: CustomResourceDefinition = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  metadata: { name: WIDGETS },
  spec: {
    group: 'example.com',
    scope: 'Namespaced',
    names: { plural: 'widgets', kind: 'Widget', shortNames: ['wd'] },
    versions: [
      {
        name: 'v1',
        served: true,
        storage: true,
        subresources: { status: {} },
        schema: {
          openAPIV3Schema: {
            type: 'object',
            properties: {
              spec: { type: 'object', properties: { size: { type: 'integer', minimum: 1, default: 3 } } },
              status: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
            },
          },
        },
      },
    ],
  },
};
const widget = (name: string, spec: object = {}): object => ({
  apiVersion: 'example.com/v1',
  kind: 'Widget',
  metadata: { name },
  spec,
});

async function define(client: Client): Promise<void> {
  await client.apply('customresourcedefinitions', { name: WIDGETS }, DEFINITION);
  await waitUntil('the kind is served', WITHIN_MS, async () =>
    isTrue(
      (await client.get<CustomResourceDefinition>('customresourcedefinitions', { name: WIDGETS })).status,
      'Established',
    ),
  );
}
const reason = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => 'none',
    (error: unknown) => (error instanceof StatusError ? String(error.reason) : String(error)),
  );

/*
 * Goal: a custom kind is a kind like the built-in ones, for as long as its definition exists.
 * Method: objects are written, watched, owned, and deleted with their namespace; then the definition goes.
 */
it.concurrent(
  'a CustomResourceDefinition gives a kind: written, watched, owned, emptied with its namespace, and gone with its definition',
  onCluster({}, async ({ client }) => {
    expect(await reason(client.list(WIDGETS, {}))).toBe('NotFound');
    await define(client);
    const { resources } = await client.request<ApiResourceList>('list', 'apiresources', {});
    expect(resources.find(({ kind }) => kind === 'Widget')).toMatchObject({
      name: 'widgets',
      group: 'example.com',
      shortNames: ['wd'],
    });

    const stop = new AbortController();
    const heard: string[] = [];
    const watching = (async () => {
      for await (const { type, object } of watchObjects(
        client,
        WIDGETS,
        { namespace: 'default' },
        { signal: stop.signal },
      ))
        heard.push(`${type as WatchEvent<KubeObject>['type']} ${object.metadata?.name}`);
    })().catch(() => undefined);
    const at = { namespace: 'default', name: 'a' };
    const { items } = await client.apply(WIDGETS, at, widget('a'));
    expect(items[0]?.object).toMatchObject({ spec: { size: 3 }, metadata: { generation: 1 } });
    expect(await reason(client.create(WIDGETS, 'default', widget('b', { size: 0 })))).toBe('Invalid');
    expect(await reason(client.create(WIDGETS, 'default', widget('b', { siz: 1 })))).toBe('Invalid');
    await client.patch(`${WIDGETS}/status`, at, { status: { ready: true } });
    expect(await client.patch(WIDGETS, at, { spec: { size: 5 }, status: { ready: false } })).toMatchObject({
      spec: { size: 5 },
      status: { ready: true },
      metadata: { generation: 2 },
    });
    await waitUntil(
      'the watch has heard it',
      WITHIN_MS,
      () => heard.filter((line) => line === 'MODIFIED a').length >= 2,
    );

    const owner = await client.get(WIDGETS, at);
    await client.create('configmaps', 'default', {
      metadata: {
        name: 'owned',
        ownerReferences: [{ apiVersion: 'example.com/v1', kind: 'Widget', name: 'a', uid: owner.metadata?.uid }],
      },
    } satisfies { metadata: { name: string; ownerReferences: object[] } } as unknown as ConfigMap);
    await client.delete(WIDGETS, at);
    await waitUntil(
      'what it owned is collected',
      WITHIN_MS,
      async () => (await reason(client.get('configmaps', { ...at, name: 'owned' }))) === 'NotFound',
    );

    await client.create('namespaces', undefined, { metadata: { name: 'shop' } });
    await client.create(WIDGETS, 'shop', widget('b'));
    await client.delete('namespaces', { name: 'shop' });
    await waitUntil(
      'the namespace is emptied and gone',
      WITHIN_MS,
      async () => (await reason(client.get('namespaces', { name: 'shop' }))) === 'NotFound',
    );

    await client.create(WIDGETS, 'default', widget('c'));
    await client.delete('customresourcedefinitions', { name: WIDGETS });
    await waitUntil('creates are refused while it goes', WITHIN_MS, async () =>
      ['MethodNotAllowed', 'NotFound'].includes(await reason(client.create(WIDGETS, 'default', widget('late')))),
    );
    await waitUntil(
      'the definition is gone',
      WITHIN_MS,
      async () => (await reason(client.get('customresourcedefinitions', { name: WIDGETS }))) === 'NotFound',
    );
    expect(await reason(client.list(WIDGETS, {}))).toBe('NotFound');
    stop.abort();
    await watching;
    expect(heard).toContain('DELETED c');

    await define(client);
    expect((await client.list(WIDGETS, {})).items).toEqual([]);
  }),
);

/** Runs one pod per widget, and says so in the widget's status. */
const widgetController = defineController({
  name: 'widget-controller',
  hears: { widgets: watch(WIDGETS), pods: watch('pods') },
  wakes: {
    widgets: ({ metadata }) => `${metadata?.namespace}/${metadata?.name}`,
    pods: ({ metadata }) => metadata?.ownerReferences?.map(({ name }) => `${metadata.namespace}/${name}`),
  },
  says: { run: api('create', 'pods'), status: api('patch', `${WIDGETS}/status`) },
  plan: (key, { view, say }) => {
    const [namespace = '', name = ''] = key.split('/');
    const found = view.get(WIDGETS, namespace, name) as (KubeObject & { status?: { phase?: string } }) | undefined;
    if (found === undefined) return {};
    const pod = view.get('pods', namespace, name);
    if (pod === undefined) return { inTurn: [say.run({ namespace, name }, podOf(found))] };
    const phase = pod.status?.phase;
    return phase === found.status?.phase ? {} : { inTurn: [say.status({ namespace, name }, { status: { phase } })] };
  },
});

const podOf = ({ metadata }: KubeObject): object => ({
  metadata: {
    name: metadata?.name,
    ownerReferences: [
      { apiVersion: 'example.com/v1', kind: 'Widget', name: metadata?.name, uid: metadata?.uid, controller: true },
    ],
  },
  spec: { containers: [{ name: 'main', image: 'app' }], terminationGracePeriodSeconds: 0 },
});

/*
 * Goal: users of a cluster extend it: a kind, a role for it, a controller in a service of their own, a command in the pod that it
 * made; and all of it plays offline.
 * Method: a tenant with the role `edit` makes and deletes a widget before and after a role covers it; `onCluster` then plays
 * every recording, that of the service too.
 */
it.concurrent(
  'a tenant makes custom objects once a role allows it, and a controller in a service reconciles them',
  onCluster(
    {
      tenants: { alice: ['team-a'] },
      profiles: { widgets: { kind: 'service', declared: [widgetController] } },
    },
    async (cluster) => {
      alsoPlay([widgetController]);
      const { client } = cluster;
      await define(client);
      const alice = await cluster.as('alice');
      const at = { namespace: 'team-a', name: 'a' };
      await expect(alice.create(WIDGETS, 'team-a', widget('a'))).rejects.toThrow(
        'User "alice" cannot create resource "widgets" in API group "example.com" in the namespace "team-a"',
      );
      await client.create('clusterroles', undefined, {
        metadata: { name: 'widget-edit', labels: { 'rbac.authorization.k8s.io/aggregate-to-edit': 'true' } },
        rules: [{ apiGroups: ['example.com'], resources: ['widgets'], verbs: ['*'] }],
      });
      await waitUntil(
        'the role covers widgets',
        WITHIN_MS,
        async () => (await reason(alice.list(WIDGETS, { namespace: 'team-a' }))) === 'none',
      );

      const { seed = '' } = cluster.user('widgets');
      const service = await hostActors([widgetController], {
        url: cluster.server.url,
        prefix: client.prefix,
        user: 'widgets',
        seed,
        instance: 'w1',
        record: true,
        log: (line) => cluster.log.push(line),
      });
      await alice.create(WIDGETS, 'team-a', widget('a'));
      await waitUntil('its pod runs, and its status says so', WITHIN_MS, async () => {
        const { status } = await alice.get<KubeObject & { status?: { phase?: string } }>(WIDGETS, at);
        return status?.phase === 'Running';
      });
      const session = await openExec(alice, at, { command: ['echo', 'hello'], stdout: true });
      const output = new PassThrough();
      session.peer.receive('stdout', sinkOf(output));
      session.start();
      expect(await text(output)).toBe('hello\n');
      expect(await session.ended).toMatchObject({ exitCode: 0 });
      expect(await reason(alice.patch(`${WIDGETS}/status`, at, { status: { phase: 'Failed' } }))).toBe('Forbidden');
      await alice.delete(WIDGETS, at);
      await waitUntil(
        'its pod goes with it',
        WITHIN_MS,
        async () => (await reason(alice.get('pods', at))) === 'NotFound',
      );
      await service.stop();
    },
  ),
);
