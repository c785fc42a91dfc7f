import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Deployment, Pod } from '../../contracts/kinds/kinds.ts';
import { isTrue } from '../../contracts/kinds/meta/conditions.ts';
import { exec } from '../../runtime-adapters/docker/engine-exec.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE, testImage } from '../support/docker.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  containerIdOf,
  eventsAbout,
  mainOf,
  NAMESPACE,
  podsOf,
  podWhen,
  SETTLE_WITHIN_MS,
} from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS, testTimeout: 120_000 });

/*
 * Goal: probes decide when a pod is ready, and when a container is started again.
 * Method: pods in real containers that are made ready and ill by files.
 */
let cluster: ProcessCluster;
beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('probes');
});
afterAll(() => cluster?.remove());

const SERVER =
  'mkdir -p /www; echo hi > /www/index.html; trap exit TERM; httpd -p 8080 -h /www; while :; do sleep 0.1; done';
const often = { periodSeconds: 1, failureThreshold: 1 };
const specOf = (more: object) => ({
  terminationGracePeriodSeconds: 1,
  containers: [{ name: 'main', image: TEST_IMAGE, command: ['sh', '-c', SERVER], ...more }],
});
const apply = (name: string, more: object): Promise<unknown> =>
  cluster.apply(JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name }, spec: specOf(more) }));
async function sh(name: string, script: string): Promise<void> {
  const pod = await cluster.client.get<Pod>('pods', { namespace: NAMESPACE, name });
  const running = await exec(docker, containerIdOf(pod), { command: ['sh', '-c', script], stdin: false, tty: false });
  await Promise.all([text(running.stdout), text(running.stderr)]);
}
const becomes = (name: string, ready: boolean): Promise<Pod> =>
  podWhen(cluster.client, name, ready ? 'is ready' : 'runs and is not ready', (pod) => {
    return pod.status?.phase === 'Running' && isTrue(pod.status, 'Ready') === ready && mainOf(pod)?.ready === ready;
  });

it('a pod is ready while its page is there, and an event says why it is not', async () => {
  await apply('web', { readinessProbe: { httpGet: { path: '/ready', port: 8080 }, ...often } });
  await becomes('web', false);
  await sh('web', 'echo ok > /www/ready');
  await becomes('web', true);
  await sh('web', 'rm /www/ready');
  await becomes('web', false);
  const words = 'Readiness probe failed: HTTP probe failed with statuscode: 404';
  await waitUntil('an event says so', SETTLE_WITHIN_MS, async () =>
    (await eventsAbout(cluster.client, 'web')).some(
      ({ reason, message }) => reason === 'Unhealthy' && message === words,
    ),
  );
});

it('a container that is not alive is started again, once it had time to start', async () => {
  await apply('ill', {
    startupProbe: { exec: { command: ['test', '-e', '/www/started'] }, periodSeconds: 1, failureThreshold: 60 },
    livenessProbe: { exec: { command: ['sh', '-c', 'test ! -e /www/ill || { echo I am ill; exit 1; }'] }, ...often },
    readinessProbe: { tcpSocket: { port: 8080 }, ...often },
  });
  const starting = await becomes('ill', false);
  expect(mainOf(starting)?.started).toBe(false);
  await sh('ill', 'touch /www/started');
  const first = await becomes('ill', true);
  await sh('ill', 'touch /www/ill');
  const again = await podWhen(cluster.client, 'ill', 'was started again', (pod) => mainOf(pod)?.restartCount === 1);
  expect(containerIdOf(again)).not.toBe(containerIdOf(first));
  const told = (await eventsAbout(cluster.client, 'ill')).map(({ reason, message }) => `${reason}: ${message}`);
  expect(told).toContain('Unhealthy: Liveness probe failed: I am ill');
  expect(told).toContain('Killing: Container main failed liveness probe, will be restarted');
});

it('a Deployment does not roll on while the new pod is not ready', async () => {
  const deployment = (page: string): string =>
    JSON.stringify({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'roll' },
      spec: {
        replicas: 2,
        selector: { matchLabels: { app: 'roll' } },
        strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: { app: 'roll' } },
          spec: specOf({ readinessProbe: { httpGet: { path: page, port: 8080 }, ...often } }),
        },
      },
    });
  const statusIs = (what: string, holds: (status: NonNullable<Deployment['status']>) => boolean) =>
    waitUntil(what, SETTLE_WITHIN_MS, async () => {
      const found = await cluster.client.get<Deployment>('deployments', { namespace: NAMESPACE, name: 'roll' });
      return holds(found.status ?? {});
    });
  await cluster.apply(deployment('/'));
  await statusIs('both are ready', ({ readyReplicas }) => readyReplicas === 2);
  await cluster.apply(deployment('/none'));
  await waitUntil('a new pod fails its probe', SETTLE_WITHIN_MS, async () => {
    const events = await Promise.all(
      (await podsOf(cluster.client, 'roll')).map((pod) => eventsAbout(cluster.client, pod.metadata?.name ?? '')),
    );
    return events.flat().some(({ reason }) => reason === 'Unhealthy');
  });
  await statusIs(
    'the old ones stay',
    ({ readyReplicas, updatedReplicas }) => readyReplicas === 2 && updatedReplicas === 1,
  );
  await cluster.apply(deployment('/index.html'));
  await statusIs(
    'it rolls on',
    ({ readyReplicas, updatedReplicas, replicas }) => readyReplicas === 2 && updatedReplicas === 2 && replicas === 2,
  );
});
