import { describe, expect, it } from 'vitest';
import type { Container, PodSpec, SecurityContext } from '../kinds.ts';
import { levelOf, violated } from './pod-security.ts';

const container = (more: Partial<Container> = {}, name = 'main'): Container => ({ name, image: 'web:1', ...more });
const secured = (securityContext: SecurityContext): Partial<PodSpec> => ({
  containers: [container({ securityContext })],
});
const found = (more: Partial<PodSpec>, level: 'baseline' | 'restricted' = 'baseline') =>
  violated({ containers: [container()], ...more }, level);

describe('baseline', () => {
  it.each<[string, Partial<PodSpec>, string]>([
    ['the node', { hostPID: true, hostNetwork: true }, 'host namespaces (hostNetwork=true, hostPID=true)'],
    [
      'all power',
      secured({ privileged: true }),
      'privileged (container "main" must not set securityContext.privileged=true)',
    ],
    [
      'more capabilities',
      secured({ capabilities: { add: ['SYS_ADMIN', 'CHOWN', 'NET_ADMIN'] } }),
      'non-default capabilities (container "main" must not include "NET_ADMIN", "SYS_ADMIN" in securityContext.capabilities.add)',
    ],
    [
      'paths of the node',
      {
        volumes: [
          { name: 'a', hostPath: { path: '/' } },
          { name: 'b', hostPath: { path: '/' } },
        ],
      },
      'hostPath volumes (volumes "a", "b")',
    ],
    [
      'ports of the node',
      { containers: [container({ ports: [{ containerPort: 80, hostPort: 80 }] })] },
      'hostPort (container "main" uses hostPort 80)',
    ],
    [
      'init containers too',
      { initContainers: [container({ securityContext: { privileged: true } }, 'i')] },
      'privileged (container "i" must not set securityContext.privileged=true)',
    ],
    [
      'all of /proc',
      secured({ procMount: 'Unmasked' }),
      'procMount (container "main" must not set securityContext.procMount to "Unmasked")',
    ],
    [
      'no filter',
      { securityContext: { seccompProfile: { type: 'Unconfined' } } },
      'seccompProfile (pod must not set securityContext.seccompProfile.type to "Unconfined")',
    ],
    [
      'settings',
      { securityContext: { sysctls: [{ name: 'kernel.msgmax', value: '1' }] } },
      'forbidden sysctls (kernel.msgmax)',
    ],
  ])('excludes %s', (_, spec, words) => {
    expect(found(spec)).toBe(`violates PodSecurity "baseline:latest": ${words}`);
  });

  it.each<[string, Partial<PodSpec>]>([
    ['an ordinary pod', {}],
    ['root, with the usual capabilities', secured({ runAsUser: 0, capabilities: { add: ['NET_BIND_SERVICE'] } })],
    ['ports of its own', { containers: [container({ ports: [{ containerPort: 80, hostPort: 0 }] })] }],
    ['safe settings', { securityContext: { sysctls: [{ name: 'net.ipv4.tcp_syncookies', value: '1' }] } }],
  ])('admits %s', (_, spec) => {
    expect(found(spec)).toBeUndefined();
  });
});

describe('restricted', () => {
  const good: SecurityContext = {
    allowPrivilegeEscalation: false,
    runAsNonRoot: true,
    capabilities: { drop: ['ALL'], add: ['NET_BIND_SERVICE'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };

  it('names all that is missing', () => {
    expect(found({}, 'restricted')).toBe(
      'violates PodSecurity "restricted:latest": ' +
        'allowPrivilegeEscalation != false (container "main" must set securityContext.allowPrivilegeEscalation=false), ' +
        'unrestricted capabilities (container "main" must set securityContext.capabilities.drop=["ALL"]), ' +
        'runAsNonRoot != true (pod or container "main" must set securityContext.runAsNonRoot=true), ' +
        'seccompProfile (pod or container "main" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
    );
  });

  it('admits a hardened pod, also where the pod speaks for its containers', () => {
    expect(found(secured(good), 'restricted')).toBeUndefined();
    const { runAsNonRoot, seccompProfile, ...rest } = good;
    const ofPod = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
    expect([runAsNonRoot, seccompProfile !== undefined]).toEqual([true, true]);
    expect(found({ ...secured(rest), securityContext: ofPod }, 'restricted')).toBeUndefined();
  });

  it('has one word for a rule that both levels have', () => {
    const words = found(secured({ ...good, seccompProfile: { type: 'Unconfined' } }), 'restricted') ?? '';
    expect(words.match(/seccompProfile \(/g)).toHaveLength(1);
  });

  it('allows some kinds of volumes', () => {
    const volumes = [
      { name: 'a', emptyDir: {} },
      { name: 'b', hostPath: { path: '/' } },
    ];
    expect(found({ ...secured(good), volumes }, 'restricted')).toBe(
      'violates PodSecurity "restricted:latest": restricted volume types (volume "b" uses restricted volume type "hostPath")',
    );
  });
});

it.each([
  [undefined, 'privileged'],
  ['baseline', 'baseline'],
  ['restricted', 'restricted'],
  ['privileged', 'privileged'],
  ['baselin', 'restricted'],
])('the label %s asks for %s', (value, level) => {
  const labels = value === undefined ? {} : { 'pod-security.kubernetes.io/enforce': value };
  expect(levelOf(labels, 'enforce')).toBe(level);
});
