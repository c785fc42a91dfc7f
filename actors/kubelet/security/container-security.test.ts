import { expect, it } from 'vitest';
import type { Container, PodSecurityContext, PodSpec, SecurityContext } from '../../../contracts/kinds/kinds.ts';
import { containerSecurity, processMode } from './container-security.ts';
import { refusedSysctl } from './sysctls.ts';

const podOf = (more: Partial<PodSpec>) => ({
  apiVersion: 'v1' as const,
  kind: 'Pod' as const,
  metadata: { name: 'web', namespace: 'team', uid: 'u' },
  spec: { containers: [], ...more },
});
const containerOf = (securityContext?: SecurityContext): Container => ({
  name: 'main',
  image: 'web:1',
  ...(securityContext === undefined ? {} : { securityContext }),
});

it.each<{ why: string; pod?: PodSecurityContext; own?: SecurityContext; is: unknown }>([
  { why: 'nothing is asked for', is: undefined },
  {
    why: 'the pod speaks for its containers',
    pod: { runAsUser: 1000, runAsGroup: 3000 },
    is: { user: 1000, group: 3000 },
  },
  { why: 'the container comes first', pod: { runAsUser: 1000 }, own: { runAsUser: 0 }, is: { user: 0 } },
  { why: 'the fsGroup is one of the groups', pod: { supplementalGroups: [5], fsGroup: 6 }, is: { groups: [5, 6] } },
  {
    why: 'root must not be asked for where it is excluded',
    pod: { runAsNonRoot: true },
    own: { runAsUser: 0 },
    is: { error: `container's runAsUser breaks non-root policy (pod: "web_team(u)", container: main)` },
  },
  { why: "without a user, the image's decides", own: { runAsNonRoot: true }, is: { nonRoot: true } },
  { why: 'another user is enough', pod: { runAsNonRoot: true, runAsUser: 7 }, is: { user: 7 } },
  {
    why: 'a container may say that it need not',
    pod: { runAsNonRoot: true },
    own: { runAsNonRoot: false },
    is: undefined,
  },
  {
    why: 'capabilities have short names',
    own: { capabilities: { add: ['CAP_NET_ADMIN', 'sys_time'], drop: ['ALL'] } },
    is: { addCapabilities: ['NET_ADMIN', 'SYS_TIME'], dropCapabilities: ['ALL'] },
  },
  {
    why: 'flags',
    own: { privileged: true, readOnlyRootFilesystem: true, procMount: 'Unmasked' },
    is: { privileged: true, readOnlyRootFilesystem: true, unmaskedProc: true },
  },
  { why: 'no more privileges', own: { allowPrivilegeEscalation: false }, is: { noNewPrivileges: true } },
  {
    why: 'profiles',
    pod: {
      seccompProfile: { type: 'RuntimeDefault' },
      appArmorProfile: { type: 'Localhost', localhostProfile: 'mine' },
    },
    own: { seccompProfile: { type: 'Localhost', localhostProfile: 'p.json' } },
    is: { seccomp: { type: 'Localhost', localhost: 'p.json' }, appArmor: 'mine' },
  },
])('$why', ({ pod, own, is }) => {
  expect(containerSecurity(podOf(pod === undefined ? {} : { securityContext: pod }), containerOf(own))).toEqual(is);
});

it.each([
  [{}, 'container'],
  [{ shareProcessNamespace: true }, 'pod'],
  [{ hostPID: true }, 'node'],
] as const)('of %j a container sees the processes of its %s', (spec, is) => {
  expect(processMode(podOf(spec))).toBe(is);
});

it.each([
  ['net.ipv4.tcp_syncookies', {}, undefined],
  ['net/ipv4/tcp_syncookies', {}, undefined],
  ['kernel.msgmax', {}, 'forbidden sysctl: "kernel.msgmax" not allowlisted'],
  [
    'net.ipv4.tcp_rmem',
    { hostNetwork: true },
    'forbidden sysctl: "net.ipv4.tcp_rmem" not allowed with host net enabled',
  ],
  [
    'kernel.shm_rmid_forced',
    { hostIPC: true },
    'forbidden sysctl: "kernel.shm_rmid_forced" not allowed with host ipc enabled',
  ],
] as const)('%s with %j: %s', (name, spec, is) => {
  expect(refusedSysctl(podOf({ ...spec, securityContext: { sysctls: [{ name, value: '1' }] } }))).toBe(is);
});
