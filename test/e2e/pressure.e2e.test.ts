import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { launcher } from '../../ops/boot/home/project-root.ts';
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
