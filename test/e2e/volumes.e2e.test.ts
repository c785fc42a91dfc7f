import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { Pod, PodSpec } from '../../contracts/kinds/kinds.ts';
import { exec } from '../../runtime-adapters/docker/engine-exec.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE, testImage } from '../support/docker.ts';
import { waitUntil } from '../support/wait-until.ts';
import {
  containerIdOf,
  eventsAbout,
  NAMESPACE,
  podRuns,
  podWhen,
  SETTLE_WITHIN_MS,
  uidOf,
} from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS, testTimeout: 120_000 });

/*
 * Goal: containers see the volumes that their pod's manifest names, and nothing of them is left behind.
 * Method: pods in real containers; commands in them; the machine's table of mounts.
 */
let cluster: ProcessCluster;
beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('volumes');
});
afterAll(() => cluster?.remove());

const apply = (...objects: readonly object[]): Promise<unknown> =>
  cluster.apply(objects.map((object) => JSON.stringify(object)).join('\n---\n'));
const idle = ['sh', '-c', 'trap exit TERM; while :; do sleep 0.1; done'];
const podOf = (name: string, spec: object): object => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name, labels: { app: name } },
  spec: { terminationGracePeriodSeconds: 1, ...spec },
});
const main = (more: object): PodSpec['containers'] => [{ name: 'main', image: TEST_IMAGE, command: idle, ...more }];
const configMap = (data: object): object => ({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'cfg' }, data });

async function sh(name: string, script: string): Promise<string> {
  const pod = await cluster.client.get<Pod>('pods', { namespace: NAMESPACE, name });
  const command = ['sh', '-c', script];
  const running = await exec(docker, containerIdOf(pod), { command, stdin: false, tty: false });
  const [out, err] = await Promise.all([text(running.stdout), text(running.stderr)]);
  return `${out}${err}`.trim();
}
const mounts = (): string => readFileSync('/proc/self/mountinfo', 'utf8');

const made: string[] = [];
afterEach(async () => {
  for (const name of made.splice(0)) {
    const pod = await podWhen(cluster.client, name, 'it exists', () => true);
    const folder = join(cluster.paths.pods, uidOf(pod));
    await cluster.client.delete('pods', { namespace: NAMESPACE, name });
    await waitUntil(`the folder of ${name} is gone`, SETTLE_WITHIN_MS, () => Promise.resolve(!existsSync(folder)));
    expect(mounts()).not.toContain(folder);
  }
});
async function runs(name: string, spec: object): Promise<Pod> {
  made.push(name);
  await apply(podOf(name, spec));
  return podRuns(cluster.client, name);
}

it('an emptyDir is shared by the containers of a pod; a sub-path is a part of it', async () => {
  await runs('shared', {
    volumes: [
      { name: 'cache', emptyDir: {} },
      { name: 'mem', emptyDir: { medium: 'Memory', sizeLimit: '1Mi' } },
    ],
    initContainers: [
      {
        name: 'writer',
        image: TEST_IMAGE,
        command: ['sh', '-c', 'echo ready > /out/f'],
        volumeMounts: [{ name: 'cache', mountPath: '/out' }],
      },
    ],
    containers: main({
      env: [{ name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }],
      volumeMounts: [
        { name: 'cache', mountPath: '/in', readOnly: true },
        { name: 'cache', mountPath: '/part', subPathExpr: 'logs/$(POD)' },
        { name: 'mem', mountPath: '/mem' },
      ],
    }),
  });
  expect(await sh('shared', 'cat /in/f; echo x > /part/y; ls /in/logs/shared; echo z > /in/no')).toMatch(
    /^ready\ny\n.*Read-only file system$/,
  );
  expect(await sh('shared', 'dd if=/dev/zero of=/mem/f bs=1M count=2 2>&1')).toContain('No space left');
});

it('ConfigMaps, Secrets and labels are files, and follow their objects', async () => {
  await apply(configMap({ colour: 'blue' }), {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'sec' },
    stringData: { password: 'hunter2' },
  });
  await runs('files', {
    volumes: [
      { name: 'cfg', configMap: { name: 'cfg', defaultMode: 0o640 } },
      { name: 'sec', secret: { secretName: 'sec' } },
      {
        name: 'all',
        projected: {
          sources: [
            { secret: { name: 'sec', items: [{ key: 'password', path: 'deep/pw' }] } },
            { downwardAPI: { items: [{ path: 'labels', fieldRef: { fieldPath: 'metadata.labels' } }] } },
          ],
        },
      },
    ],
    containers: main({
      volumeMounts: [
        { name: 'cfg', mountPath: '/cfg' },
        { name: 'sec', mountPath: '/sec' },
        { name: 'all', mountPath: '/all' },
      ],
    }),
  });
  expect(
    await sh('files', 'cat /cfg/colour; stat -Lc %a /cfg/colour; cat /sec/password /all/deep/pw /all/labels'),
  ).toBe('blue640\nhunter2hunter2app="files"');
  expect(await sh('files', 'grep " /sec " /proc/mounts')).toMatch(/^tmpfs \/sec tmpfs ro/);
  await apply(configMap({ colour: 'red', shape: 'round' }));
  await waitUntil('the container sees both new files', SETTLE_WITHIN_MS, async () => {
    return (await sh('files', 'cat /cfg/colour /cfg/shape')) === 'redround';
  });
});

it('a pod waits for a ConfigMap that is missing, says so, and starts when it is there', async () => {
  made.push('waits');
  await apply(
    podOf('waits', {
      volumes: [{ name: 'cfg', configMap: { name: 'later' } }],
      containers: main({ volumeMounts: [{ name: 'cfg', mountPath: '/cfg' }] }),
    }),
  );
  const words = 'MountVolume.SetUp failed for volume "cfg" : configmap "later" not found';
  await waitUntil('an event says so', SETTLE_WITHIN_MS, async () =>
    (await eventsAbout(cluster.client, 'waits')).some(
      ({ message, reason }) => reason === 'FailedMount' && message === words,
    ),
  );
  await apply({ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'later' }, data: { a: 'b' } });
  await podRuns(cluster.client, 'waits');
  expect(await sh('waits', 'cat /cfg/a')).toBe('b');
});

it('a worker that is killed finds the volumes again; a pod that ended has none', async () => {
  const pod = await runs('kept', {
    volumes: [{ name: 'mem', emptyDir: { medium: 'Memory' } }],
    restartPolicy: 'Never',
    containers: main({
      command: ['sh', '-c', 'echo mine > /mem/f; while [ ! -e /mem/stop ]; do sleep 0.1; done'],
      volumeMounts: [{ name: 'mem', mountPath: '/mem' }],
    }),
  });
  await cluster.kill9('worker');
  await waitUntil('commands run again', SETTLE_WITHIN_MS, async () => {
    return (await sh('kept', 'cat /mem/f').catch(() => '')) === 'mine';
  });
  const volumes = join(cluster.paths.pods, uidOf(pod), 'volumes');
  expect(mounts()).toContain(volumes);
  await sh('kept', 'touch /mem/stop');
  await waitUntil('the volumes are gone', SETTLE_WITHIN_MS, () => Promise.resolve(!existsSync(volumes)));
});
