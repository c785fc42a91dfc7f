import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launcher } from '../../ops/boot/home/project-root.ts';
import type { Node, Pod, PodStatus } from '../../contracts/kinds/kinds.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { TEST_IMAGE, testImage } from '../support/docker.ts';
import { waitUntil } from '../support/wait-until.ts';
import { podRuns } from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS, testTimeout: 120_000 });

/*
 * Goal: what pods use shows, and who uses more than the pod may is evicted.
 * Method: the command line, against pods in real containers.
 */
let cluster: ProcessCluster;

beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('pressure');
});
afterAll(async () => await cluster?.remove());

/** `troupe <args>`: what it printed, and its exit code. */
async function type(...args: string[]) {
  const env = { ...process.env, TROUPE_HOME: cluster.paths.home };
  const child = spawn(process.execPath, [launcher, ...args], { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve) => child.once('exit', (code) => resolve(code ?? -1)));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  return { out, err, code: await ended };
}

const podOf = (name: string, script: string, more: object = {}): string =>
  JSON.stringify({
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name },
    spec: {
      containers: [{ name: 'main', image: TEST_IMAGE, command: ['sh', '-c', script], ...more }],
      terminationGracePeriodSeconds: 1,
    },
  });

it('troupe top shows what pods and nodes use', async () => {
  await cluster.apply(podOf('busy', 'while :; do :; done'));
  await podRuns(cluster.client, 'busy');
  const used = await waitUntil('a sample of the pod', 30_000, async () => {
    const { out, code } = await type('top', 'pods', '--no-headers');
    const cpu = Number(/^busy\s+(\d+)m\s+\d+Mi$/m.exec(out)?.[1] ?? 0);
    return code === 0 && cpu > 0 ? cpu : undefined;
  });
  expect(used).toBeGreaterThan(50);
  expect((await type('top', 'pod', 'busy', '--containers')).out).toMatch(
    /^POD\s+NAME\s+CPU\(cores\)\s+MEMORY\(bytes\)\nbusy\s+main\s+\d+m\s+\d+Mi\n$/,
  );
  expect((await type('top', 'nodes')).out).toMatch(
    /^NAME\s+CPU\(cores\)\s+CPU\(%\)\s+MEMORY\(bytes\)\s+MEMORY\(%\)\n\S+\s+\d+m\s+\d+%\s+\d+Mi\s+\d+%\n$/,
  );
});

const phaseOf = async (name: string): Promise<PodStatus | undefined> =>
  (await cluster.client.get<Pod>('pods', { namespace: 'default', name })).status;

it('a pod that writes more into an emptyDir than it may is evicted', async () => {
  const pod = JSON.parse(podOf('greedy', 'head -c 3000000 /dev/zero > /cache/file; sleep 600')) as Pod;
  const [main] = pod.spec?.containers ?? [];
  if (main !== undefined) main.volumeMounts = [{ name: 'cache', mountPath: '/cache' }];
  await cluster.apply(
    JSON.stringify({ ...pod, spec: { ...pod.spec, volumes: [{ name: 'cache', emptyDir: { sizeLimit: '1Mi' } }] } }),
  );
  const status = await waitUntil('the eviction', 100_000, async () => {
    const now = await phaseOf('greedy');
    return now?.phase === 'Failed' ? now : undefined;
  });
  expect(status).toMatchObject({
    reason: 'Evicted',
    message: 'Usage of EmptyDir volume "cache" exceeds the limit "1Mi". ',
  });
  expect(status.conditions).toContainEqual(
    expect.objectContaining({ type: 'DisruptionTarget', status: 'True', reason: 'TerminationByKubelet' }),
  );
});

it('a pod that names its node and asks for too much is refused by the node', async () => {
  const pod = JSON.parse(podOf('huge', 'sleep 600', { resources: { requests: { cpu: '1000' } } })) as Pod;
  await cluster.apply(JSON.stringify({ ...pod, spec: { ...pod.spec, nodeName: cluster.node } }));
  const status = await waitUntil('the refusal', 20_000, async () => {
    const now = await phaseOf('huge');
    return now?.phase === 'Failed' ? now : undefined;
  });
  expect(status.reason).toBe('OutOfcpu');
  expect(status.message).toMatch(
    /^Pod was rejected: Node didn't have enough resource: cpu, requested: 1000000, used: \d+, capacity: \d+$/,
  );
});

it('the node has ephemeral storage, and keeps some memory for itself', async () => {
  const { status } = await cluster.client.get<Node>('nodes', { name: cluster.node });
  expect(status?.capacity?.['ephemeral-storage']).toMatch(/^\d+Ki$/);
  expect(status?.allocatable?.['memory']).not.toBe(status?.capacity?.['memory']);
});
