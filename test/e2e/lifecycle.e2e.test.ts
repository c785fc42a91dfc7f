import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE_2, testImage } from '../support/docker.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  containerIdOf,
  containersOf,
  deploymentManifest,
  eventsAbout,
  mainOf,
  NAMESPACE,
  nameOf,
  podsOf,
  SETTLE_WITHIN_MS,
  settled,
  uidOf,
} from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS });

/*
 * Goal: a Deployment's whole life in real containers, as a person sees it.
 * Method: the command line in a home of its own, the engine of this machine, and the engine's own account of its containers.
 */

const LIFE_MS = 120_000;
/** Refused at once, with or without a network. */
const NOWHERE = 'localhost:1/no/such-image:1';
let cluster: ProcessCluster;

beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('life');
});
afterAll(() => cluster?.remove());

const web = (replicas: number, image?: string) => ({
  name: 'web',
  replicas,
  graceSeconds: 5,
  ...(image === undefined ? {} : { image }),
});
const ids = (pods: readonly Pod[]): string[] => pods.map(containerIdOf).sort();

it('runs a Deployment in containers, heals it, and scales it', { timeout: LIFE_MS }, async () => {
  await cluster.apply(deploymentManifest(web(2)));
  const first = await settled(cluster.client, web(2));
  const running = await containersOf(cluster.node);
  expect(running.map(({ container }) => container).sort()).toEqual(['main', 'main', 'sandbox', 'sandbox']);
  expect(running.every(({ state }) => state === 'running')).toBe(true);

  // A container that is killed comes again in the same pod.
  const [hurt, other] = first as [Pod, Pod];
  await docker.getContainer(containerIdOf(hurt)).kill();
  await waitUntil('the container runs again', SETTLE_WITHIN_MS, async () => {
    const status = mainOf((await podsOf(cluster.client, 'web')).find((pod) => uidOf(pod) === uidOf(hurt)) as Pod);
    return status?.restartCount === 1 && status.state?.running !== undefined && status.ready;
  });
  const healed = await settled(cluster.client, web(2));
  expect(healed.map(uidOf).sort()).toEqual(first.map(uidOf).sort());
  expect(ids(healed)).toContain(containerIdOf(other));

  // A pod that is deleted is replaced by another.
  await cluster.troupe('delete', 'pod', nameOf(other));
  const replaced = await settled(cluster.client, web(2));
  expect(replaced.map(uidOf)).toContain(uidOf(hurt));
  expect(replaced.map(uidOf)).not.toContain(uidOf(other));

  await cluster.troupe('scale', 'deployment/web', '--replicas', '4');
  await settled(cluster.client, web(4));
  await cluster.troupe('scale', 'deployment/web', '--replicas', '1');
  const [last] = await settled(cluster.client, web(1));
  await waitUntil('the engine holds one pod', SETTLE_WITHIN_MS, async () => {
    const left = await containersOf(cluster.node);
    return left.every(({ podUid }) => podUid === uidOf(last as Pod)); // with a dead container, if it had one
  });
});

it('rolls to another image, survives one that does not exist, and ends pods gracefully', {
  timeout: LIFE_MS,
}, async () => {
  await cluster.apply(deploymentManifest(web(2)));
  const old = await settled(cluster.client, web(2));
  await cluster.apply(deploymentManifest(web(2, TEST_IMAGE_2)));
  const rolled = await settled(cluster.client, web(2, TEST_IMAGE_2));
  expect(rolled.map(uidOf).filter((uid) => old.map(uidOf).includes(uid))).toEqual([]);

  // What runs goes on running as long as its successor can't.
  await cluster.apply(deploymentManifest(web(2, NOWHERE)));
  const stuck = await waitUntil('a pod waits for its image', SETTLE_WITHIN_MS, async () =>
    (await podsOf(cluster.client, 'web')).find((pod) => mainOf(pod)?.state?.waiting?.reason === 'ImagePullBackOff'),
  );
  const failed = await waitUntil('an event tells of it', SETTLE_WITHIN_MS, async () =>
    (await eventsAbout(cluster.client, nameOf(stuck))).find(
      ({ reason, message }) => reason === 'Failed' && message?.includes('Failed to pull') === true,
    ),
  );
  expect(failed.message).toContain(NOWHERE);
  const meanwhile = await podsOf(cluster.client, 'web');
  expect(ids(meanwhile)).toEqual(expect.arrayContaining(ids(rolled)));

  await cluster.apply(deploymentManifest(web(2)));
  const recovered = await settled(cluster.client, web(2));

  const logs = await waitUntil('the container has spoken', SETTLE_WITHIN_MS, async () => {
    return (await cluster.troupe('logs', nameOf(recovered[0] as Pod))) || undefined;
  });
  expect(logs).toBe(`hello from ${nameOf(recovered[0] as Pod)}\n`);

  // Told to end, and given its time: it leaves by itself.
  const gone = recovered[0] as Pod;
  const exit = docker.getContainer(containerIdOf(gone)).wait() as Promise<{ StatusCode: number }>;
  await cluster.troupe('delete', 'pod', nameOf(gone));
  expect((await exit).StatusCode).toBe(0);
  await settled(cluster.client, web(2));
});

it('leaves containers running when it goes down, and adopts them when it comes up', { timeout: LIFE_MS }, async () => {
  await cluster.apply(deploymentManifest(web(2)));
  const before = await settled(cluster.client, web(2));
  await waitUntil('the engine holds these pods alone', SETTLE_WITHIN_MS, async () => {
    const uids = before.map(uidOf);
    return (await containersOf(cluster.node)).every(({ podUid }) => uids.includes(podUid));
  });
  const had = (await containersOf(cluster.node)).map(({ id }) => id).sort();
  await cluster.down();
  const between = await containersOf(cluster.node);
  expect(between.map(({ id }) => id).sort()).toEqual(had);
  expect(between.every(({ state }) => state === 'running')).toBe(true);
  expect(await cluster.troupe('down')).toMatch(/\ncontainers keep running; `troupe down --pods` removes them too\n$/);

  await cluster.up();
  // Only a kubelet that knows its pods carries out a change: so this shows that it has adopted them.
  await cluster.troupe('scale', 'deployment/web', '--replicas', '3');
  const after = await settled(cluster.client, web(3));
  expect(ids(after)).toEqual(expect.arrayContaining(ids(before)));
  const kept = after.filter((pod) => ids(before).includes(containerIdOf(pod)));
  expect(kept.map((pod) => mainOf(pod)?.restartCount)).toEqual(before.map((pod) => mainOf(pod)?.restartCount));
  expect((await containersOf(cluster.node)).map(({ id }) => id)).toEqual(expect.arrayContaining(had));
  expect(await cluster.troupe('get', 'pods', '-n', NAMESPACE, '-o', 'name')).toContain(
    `pod/${nameOf(before[0] as Pod)}`,
  );
});

it('goes down with its pods: no container is left, and the next start makes the pods again', {
  timeout: LIFE_MS,
}, async () => {
  await cluster.apply(deploymentManifest(web(2)));
  const before = await settled(cluster.client, web(2));
  await waitUntil('the engine holds these pods alone', SETTLE_WITHIN_MS, async () => {
    const uids = before.map(uidOf);
    return (await containersOf(cluster.node)).every(({ podUid }) => uids.includes(podUid));
  });
  expect(await containersOf(cluster.node)).toHaveLength(4);
  expect(await cluster.troupe('down', '--pods')).toContain('2 pods removed\n');
  expect(await containersOf(cluster.node)).toEqual([]);
  expect(await cluster.troupe('down', '--pods')).toContain('0 pods removed\n');
  expect(await cluster.troupe('down')).toBe('nothing was running\nno containers run\n');

  await cluster.up();
  await waitUntil('other containers run', SETTLE_WITHIN_MS, async () => {
    const had = ids(before);
    const running = (await containersOf(cluster.node)).filter(
      ({ container, state }) => container === 'main' && state === 'running',
    );
    return running.length === 2 && running.every(({ id }) => !had.includes(id));
  });
});

it("takes a node's containers away whose worker has ended", {
  timeout: LIFE_MS,
}, async () => {
  await cluster.apply(deploymentManifest(web(2)));
  await settled(cluster.client, web(2));
  await expect(cluster.troupe('down', '--pods', '--node', cluster.node)).rejects.toThrow(
    /its worker runs here and would start them again; `troupe down --pods` stops it too/,
  );
  await cluster.down();
  expect(await containersOf(cluster.node)).not.toEqual([]);
  expect(await cluster.troupe('down', '--pods', '--node', cluster.node)).toMatch(/^\d pods? removed\n$/);
  expect(await containersOf(cluster.node)).toEqual([]);
});
