import fc from 'fast-check';
import { expect, it, vi } from 'vitest';
import type { Deployment, IntOrString, Pod, ReplicaSet } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import type { Client } from '../../ops/client/client.ts';
import { expectRefused } from '../support/expect-refused.ts';
import { followChanges } from '../support/follow-changes.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';
import { deploymentManifest, eventsAbout, nameOf, podsOf, settled, uidOf } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

const WITHIN_MS = 20_000;
const HERE = { namespace: 'default' };
const WEB = { ...HERE, name: 'web' };
const REVISION = 'deployment.kubernetes.io/revision';

interface Wish {
  readonly replicas: number;
  readonly image: string;
  readonly strategy?: object;
  readonly more?: object;
}
const web = ({ replicas, image, strategy, more }: Wish): Deployment => {
  const plain = JSON.parse(deploymentManifest({ name: 'web', replicas, image, graceSeconds: 1 })) as Deployment;
  return { ...plain, spec: { ...plain.spec, ...(strategy === undefined ? {} : { strategy }), ...more } } as Deployment;
};
const apply = (client: Client, wish: Wish) => client.applyManifest('default', JSON.stringify(web(wish)));
const ready = (client: Client, { replicas, image }: Wish) => settled(client, { name: 'web', replicas, image });
const setsOf = async (client: Client): Promise<readonly ReplicaSet[]> =>
  (await client.list<ReplicaSet>('replicasets', HERE, { labelSelector: 'app=web' })).items;
const imageOf = ({ spec }: ReplicaSet): string | undefined => spec?.template?.spec?.containers[0]?.image;
const sizes = async (client: Client): Promise<Readonly<Record<string, number>>> =>
  Object.fromEntries((await setsOf(client)).map((set) => [imageOf(set) ?? '', set.spec?.replicas ?? 1]));
const isLive = ({ metadata, status }: Pod): boolean =>
  metadata?.deletionTimestamp === undefined && status?.phase !== 'Failed' && status?.phase !== 'Succeeded';
const isReady = (pod: Pod): boolean => isLive(pod) && isTrue(pod.status, 'Ready');

/*
 * Goal: as many pods as are wanted, no more and no fewer, whatever they are changed to meanwhile.
 * Method: one Deployment scaled up and down, by spec and by scale, in one go and while it is still on its way.
 */
it.concurrent(
  'a Deployment is scaled up and down, and keeps the pods that it can',
  onCluster({ nodes: ['n1', 'n2'] }, async ({ client }) => {
    const wish = { image: 'one', replicas: 3 };
    await apply(client, wish);
    const three = await ready(client, wish);
    await apply(client, { ...wish, replicas: 7 });
    const seven = await ready(client, { ...wish, replicas: 7 });
    expect(seven.map(uidOf)).toEqual(expect.arrayContaining(three.map(uidOf)));
    await client.patch('deployments/scale', WEB, { spec: { replicas: 2 } });
    const two = await ready(client, { ...wish, replicas: 2 });
    expect(seven.map(uidOf)).toEqual(expect.arrayContaining(two.map(uidOf)));
    // Minds change faster than pods.
    for (const replicas of [9, 0, 5, 1, 4]) await client.patch('deployments/scale', WEB, { spec: { replicas } });
    const four = await ready(client, { ...wish, replicas: 4 });
    expect(new Set(four.map(nameOf)).size).toBe(4);
    // An apply that says nothing of it leaves the number to whoever scales.
    const silent = JSON.stringify({ ...web(wish), spec: { ...web(wish).spec, replicas: undefined } });
    await client.applyManifest('default', silent);
    await client.patch('deployments/scale', WEB, { spec: { replicas: 6 } });
    await ready(client, { ...wish, replicas: 6 });
    await client.applyManifest('default', silent);
    expect((await client.get<Deployment>('deployments', WEB)).spec?.replicas).toBe(6);
    await client.patch('deployments/scale', WEB, { spec: { replicas: 0 } });
    await ready(client, { ...wish, replicas: 0 });
    expect(await setsOf(client)).toHaveLength(1);
    const told = (await eventsAbout(client, 'web')).map(({ message }) => message ?? '');
    expect(told.some((message) => /^Scaled up replica set web-\w+ from 0 to 3$/.test(message))).toBe(true);
    expect(told.some((message) => /^Scaled down replica set web-\w+ from 7 to 2$/.test(message))).toBe(true);
    // What a pod set loses it makes again, one for one.
    await client.patch('deployments/scale', WEB, { spec: { replicas: 3 } });
    const [victim] = await ready(client, { ...wish, replicas: 3 });
    await client.delete('pods', { ...HERE, name: nameOf(victim as Pod) });
    await waitUntil('another takes its place', WITHIN_MS, async () => {
      const pods = await podsOf(client, 'web');
      return pods.length === 3 && pods.every((pod) => isReady(pod) && uidOf(pod) !== uidOf(victim as Pod));
    });
  }),
);

/*
 * Goal: during a rolling update there are never more pods than the surge allows, and never fewer ready ones than may be
 * unavailable: at no moment, not just at the end.
 * Method: random sizes and bounds; the feed of changes shows every state that the store was in.
 */
it.concurrent(
  'the bounds of a rolling update hold at every moment',
  onCluster(
    { nodes: ['n1', 'n2', 'n3'], runtime: { latencyMs: { createContainer: [0, 10], startContainer: [0, 10] } } },
    async ({ client }) => {
      let bounds: { most: number; least: number } | undefined;
      const broken: string[] = [];
      const feed = await followChanges<Pod>(client, 'pods', 'default', (pods, changed) => {
        if (bounds === undefined) return;
        const live = pods.filter(isLive).length;
        const available = pods.filter(isReady).length;
        if (live > bounds.most || available < bounds.least)
          broken.push(`after ${changed}: ${live} pods, ${available} ready; bounds ${JSON.stringify(bounds)}`);
      });
      const share = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('25%', '50%', '100%'));
      let generation = 0;
      await fc.assert(
        fc.asyncProperty(
          fc.integer({ min: 1, max: 6 }),
          share,
          share.filter((value) => value !== 0),
          fc.boolean(),
          async (replicas, first, second, surging) => {
            const [maxSurge, maxUnavailable] = surging ? [second, first] : [first, second];
            const strategy = { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable } };
            bounds = undefined;
            const before = { replicas, image: `v${generation}`, strategy };
            await apply(client, before);
            await ready(client, before);
            await waitUntil(
              'the last ones are gone',
              WITHIN_MS,
              async () => (await podsOf(client, 'web')).length === replicas,
            );
            const after = { ...before, image: `v${++generation}` };
            bounds = {
              most: replicas + portion(maxSurge, replicas, Math.ceil),
              least: replicas - portion(maxUnavailable, replicas, Math.floor),
            };
            if (bounds.most === bounds.least) bounds.least -= 1;
            await apply(client, after);
            await ready(client, after);
            expect(broken).toEqual([]);
          },
        ),
        { numRuns: 5, seed: 11, endOnFailure: true },
      );
      expect(feed.count).toBeGreaterThan(50);
      feed.stop();

      // Recreate is the other way: never two templates at once.
      bounds = undefined;
      const mixed: string[] = [];
      const watched = await followChanges<Pod>(client, 'pods', 'default', (pods) => {
        const running = new Set(
          pods
            .filter(
              ({ status }) => status?.containerStatuses?.some(({ state }) => state?.running !== undefined) === true,
            )
            .map(({ spec }) => spec?.containers[0]?.image),
        );
        if (running.size > 1) mixed.push([...running].join());
      });
      const recreate = { type: 'Recreate', rollingUpdate: null };
      const old = { replicas: 3, image: 'old', strategy: recreate };
      await client.delete('deployments', WEB, { propagationPolicy: 'Foreground' });
      await waitUntil(
        'it is gone',
        WITHIN_MS,
        // The Deployment goes last of all, and what is applied to one on its way out goes with it.
        async () =>
          (await client.list('deployments', HERE)).items.length === 0 && (await podsOf(client, 'web')).length === 0,
      );
      await apply(client, old);
      await ready(client, old);
      await apply(client, { ...old, image: 'new' });
      await ready(client, { ...old, image: 'new' });
      watched.stop();
      expect(mixed).toEqual([]);
    },
  ),
);

function portion(value: IntOrString, of: number, round: (share: number) => number): number {
  return typeof value === 'number' ? value : round((Number.parseInt(value, 10) * of) / 100);
}

/*
 * Goal: a rollout can be held, let go, taken back and given up, and nothing is made twice on the way.
 * Method: paused in the middle by an image that does not come; rolled back by applying the older template again.
 */
it.concurrent(
  'a paused rollout stands still but scales; an older template reuses its ReplicaSet',
  onCluster(
    { nodes: ['n1', 'n2'], runtime: { images: { stuck: { pull: { latencyMs: 600_000 } } } } },
    async ({ client }) => {
      const one = { replicas: 4, image: 'one' };
      await apply(client, one);
      await ready(client, one);
      const [first] = await setsOf(client);
      await client.patch('deployments', WEB, { spec: { paused: true } });
      await apply(client, { ...one, image: 'two', more: { paused: true } });
      await client.patch('deployments/scale', WEB, { spec: { replicas: 6 } });
      await waitUntil(
        'it scales none the less',
        WITHIN_MS,
        async () => (await podsOf(client, 'web')).filter(isReady).length === 6,
      );
      const held = await waitUntil('it says that it is paused', WITHIN_MS, async () => {
        const found = await client.get<Deployment>('deployments', WEB);
        return (
          found.status?.observedGeneration === found.metadata?.generation &&
          found.status?.conditions?.some(({ reason }) => reason === 'DeploymentPaused') === true &&
          found
        );
      });
      expect(held.status?.updatedReplicas ?? 0).toBe(0);
      expect(await sizes(client)).toEqual({ one: 6 });

      await client.patch('deployments', WEB, { spec: { paused: false } });
      await ready(client, { image: 'two', replicas: 6 });
      expect(await sizes(client)).toEqual({ one: 0, two: 6 });
      expect((await client.get<Deployment>('deployments', WEB)).metadata?.annotations?.[REVISION]).toBe('2');

      await apply(client, { image: 'one', replicas: 6 });
      await ready(client, { image: 'one', replicas: 6 });
      const sets = await setsOf(client);
      expect(sets).toHaveLength(2);
      const reused = sets.find((set) => imageOf(set) === 'one');
      expect([reused?.metadata?.uid, reused?.metadata?.annotations?.[REVISION]]).toEqual([first?.metadata?.uid, '3']);
      expect((await client.get<Deployment>('deployments', WEB)).metadata?.annotations?.[REVISION]).toBe('3');

      // Given up in the middle: what still runs the old template goes on, what never ran goes.
      const kept = (await podsOf(client, 'web')).map(uidOf);
      await apply(client, { image: 'stuck', replicas: 6 });
      await waitUntil(
        'it is in the middle',
        WITHIN_MS,
        async () => (await sizes(client))['stuck'] === 3 && (await podsOf(client, 'web')).filter(isReady).length === 5,
      );
      await apply(client, { image: 'one', replicas: 6 });
      const back = await ready(client, { image: 'one', replicas: 6 });
      expect(back.filter((pod) => kept.includes(uidOf(pod)))).toHaveLength(5);
      expect(await sizes(client)).toEqual({ one: 6, two: 0, stuck: 0 });

      // Old sets are kept for going back, as many as are wanted.
      await apply(client, { image: 'one', replicas: 6, more: { revisionHistoryLimit: 0 } });
      await waitUntil('history is forgotten', WITHIN_MS, async () => (await setsOf(client)).length === 1);
      await expectRefused(
        client.patch('deployments', WEB, { spec: { template: { metadata: { labels: { app: 'other' } } } } }),
        'Invalid',
        /selector/,
      );
    },
  ),
);

/*
 * Goal: a Deployment that is deleted in the middle of a rollout leaves nothing, in the store or on a node.
 * Method: deleted at three moments of a rollout; then one of the same name is made at once.
 */
it.concurrent(
  'a Deployment deleted while it rolls leaves nothing behind, and its name is free at once',
  onCluster(
    { nodes: ['n1', 'n2'], runtime: { latencyMs: { createContainer: [0, 20] } } },
    async ({ client, engine }) => {
      for (const [round, propagationPolicy] of (['Background', 'Foreground', 'Background'] as const).entries()) {
        await apply(client, { replicas: 5, image: `a${round}` });
        await ready(client, { replicas: 5, image: `a${round}` });
        await apply(client, { replicas: 5, image: `b${round}` });
        await waitUntil('it rolls', WITHIN_MS, async () => (await setsOf(client)).length === 2);
        if (round > 0)
          await waitUntil('half-way', WITHIN_MS, async () =>
            (await podsOf(client, 'web')).some((pod) => isReady(pod) && pod.spec?.containers[0]?.image === `b${round}`),
          );
        await client.delete('deployments', WEB, { propagationPolicy });
        if (round === 2) {
          await apply(client, { replicas: 2, image: 'again' });
          await ready(client, { replicas: 2, image: 'again' });
          await client.delete('deployments', WEB);
        }
        await waitUntil(
          'nothing is left in the store',
          WITHIN_MS,
          async () => (await setsOf(client)).length + (await podsOf(client, 'web')).length === 0,
        );
        for (const node of ['n1', 'n2'])
          await waitUntil(
            `nothing is left on ${node}`,
            WITHIN_MS,
            () => engine.node(node).sandboxes.size + engine.node(node).containers.size === 0,
          );
        await waitUntil(
          'the Deployment is gone',
          WITHIN_MS,
          async () => (await client.list('deployments', HERE)).items.length === 0,
        );
      }
    },
  ),
);
