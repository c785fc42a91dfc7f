import { mkdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { exec } from '../../runtime-adapters/docker/engine-exec.ts';
import { CLUSTER_MS, type ProcessCluster, startProcessCluster } from '../support/cluster.ts';
import { docker, TEST_IMAGE, testImage } from '../support/docker.ts';
import { containerIdOf, mainOf, podRuns, podWhen } from '../support/workloads.ts';

vi.setConfig({ hookTimeout: CLUSTER_MS, testTimeout: 120_000 });

/*
 * Goal: a container's processes may do what its security context says, and no more.
 * Method: pods in real containers, and what the kernel tells of their processes.
 */
let cluster: ProcessCluster;
beforeAll(async () => {
  await testImage();
  cluster = await startProcessCluster('security');
});
afterAll(() => cluster?.remove());

const idle = ['sh', '-c', 'trap exit TERM; while :; do sleep 0.1; done'];
const apply = (name: string, spec: object, container: object = {}): Promise<unknown> =>
  cluster.apply(
    JSON.stringify({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name },
      spec: {
        terminationGracePeriodSeconds: 1,
        containers: [{ name: 'main', image: TEST_IMAGE, command: idle, ...container }],
        ...spec,
      },
    }),
  );
async function sh(pod: Pod, script: string): Promise<string> {
  const command = ['sh', '-c', script];
  const running = await exec(docker, containerIdOf(pod), { command, stdin: false, tty: false });
  const [out, err] = await Promise.all([text(running.stdout), text(running.stderr)]);
  return `${out}${err}`.trim();
}
const kernel = (pod: Pod, ...fields: string[]): Promise<string> =>
  sh(pod, `grep -E "^(${fields.join('|')}):" /proc/1/status | tr "\\t" " "`);
const waits = (name: string) =>
  podWhen(cluster.client, name, 'says why it waits', (pod) => {
    const { reason } = mainOf(pod)?.state?.waiting ?? {};
    return reason === 'CreateContainerConfigError' || reason === 'CreateContainerError';
  });

it('a user, its groups, and no more privileges', async () => {
  await apply(
    'user',
    {
      securityContext: {
        runAsUser: 1000,
        runAsGroup: 3000,
        supplementalGroups: [4000],
        fsGroup: 2000,
        runAsNonRoot: true,
      },
      volumes: [{ name: 'data', emptyDir: {} }],
    },
    {
      securityContext: {
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
        seccompProfile: { type: 'RuntimeDefault' },
      },
      volumeMounts: [{ name: 'data', mountPath: '/data' }],
    },
  );
  const pod = await podRuns(cluster.client, 'user');
  expect(await sh(pod, 'id -u; id -g; id -G')).toBe('1000\n3000\n3000 2000 4000');
  expect(await sh(pod, 'echo x > /data/f; stat -c "%u %g" /data/f; echo x > /f')).toMatch(
    /^1000 2000\n.*Read-only file system$/,
  );
  expect(await kernel(pod, 'CapBnd', 'CapEff', 'NoNewPrivs', 'Seccomp')).toBe(
    'CapEff: 0000000000000000\nCapBnd: 0000000000000000\nNoNewPrivs: 1\nSeccomp: 2',
  );
});

it('capabilities, kernel settings and shared processes', async () => {
  await apply(
    'wide',
    {
      shareProcessNamespace: true,
      securityContext: { sysctls: [{ name: 'net.ipv4.ip_unprivileged_port_start', value: '80' }] },
    },
    {
      securityContext: { capabilities: { drop: ['ALL'], add: ['NET_ADMIN'] }, seccompProfile: { type: 'Unconfined' } },
    },
  );
  const pod = await podRuns(cluster.client, 'wide');
  expect(await sh(pod, 'cat /proc/sys/net/ipv4/ip_unprivileged_port_start')).toBe('80');
  expect(await sh(pod, 'grep -E "^(CapEff|Seccomp):" /proc/self/status | tr "\\t" " "')).toBe(
    'CapEff: 0000000000001000\nSeccomp: 0',
  );
  expect(await sh(pod, 'cat /proc/1/cmdline | tr "\\0" " "')).not.toContain('trap exit');
});

it('a pod on the namespaces of its node', async () => {
  await apply('node', { hostPID: true, hostIPC: true, hostNetwork: true });
  const pod = await podRuns(cluster.client, 'node');
  const names = ['pid', 'ipc', 'net'];
  const ours = names.map((name) => readlinkSync(`/proc/self/ns/${name}`));
  expect(await sh(pod, `cd /proc/self/ns; for n in ${names.join(' ')}; do readlink $n; done`)).toBe(ours.join('\n'));
});

it('what must not be is refused, with the reason', async () => {
  await apply('root', { securityContext: { runAsNonRoot: true } });
  await apply('zero', { securityContext: { runAsNonRoot: true, runAsUser: 0 } });
  await apply(
    'profile',
    {},
    { securityContext: { seccompProfile: { type: 'Localhost', localhostProfile: 'mine.json' } } },
  );
  await apply('sysctl', { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } });
  const message = async (name: string) => mainOf(await waits(name))?.state?.waiting?.message;
  expect(await message('root')).toMatch(
    /^container has runAsNonRoot and image will run as root \(pod: "root_default\(/,
  );
  expect(await message('zero')).toMatch(/^container's runAsUser breaks non-root policy \(pod: "zero_default\(/);
  expect(await message('profile')).toMatch(/^cannot load seccomp profile ".*\/seccomp\/mine.json"/);
  const refused = await podWhen(cluster.client, 'sysctl', 'failed', ({ status }) => status?.phase === 'Failed');
  expect(refused.status).toMatchObject({
    reason: 'SysctlForbidden',
    message: 'Pod was rejected: forbidden sysctl: "kernel.msgmax" not allowlisted',
  });
  mkdirSync(cluster.paths.seccomp, { recursive: true });
  writeFileSync(join(cluster.paths.seccomp, 'mine.json'), JSON.stringify({ defaultAction: 'SCMP_ACT_ALLOW' }));
  await podRuns(cluster.client, 'profile');
});
