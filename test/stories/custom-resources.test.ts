import { expect, it, vi } from 'vitest';
import type { ConfigMap, CustomResourceDefinition, KubeObject } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { ApiResourceList, WatchEvent } from '../../contracts/messages/api.ts';
import { StatusError } from '../../contracts/errors/status.ts';
import type { Client } from '../../ops/client/client.ts';
import { watchObjects } from '../../ops/client/watch.ts';
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
