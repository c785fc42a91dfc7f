import { describe, expect, it } from 'vitest';
import type { ContainerResources, PodSandboxConfig } from '../../contracts/runtime/config.ts';
import { containerOptions, resources, sandboxOptions } from './container-create-options.ts';
import { engineName } from './labels.ts';

const pod = { uid: 'u', namespace: 'ns', name: 'web' };

it.each<{ why: string; wanted: ContainerResources; is: Record<string, number> }>([
  { why: 'nothing: the smallest share', wanted: {}, is: { CpuShares: 2 } },
  { why: 'a request: shares', wanted: { cpuRequestMillis: 250 }, is: { CpuShares: 256 } },
  {
    why: 'a limit: a quota, and shares as if requested',
    wanted: { cpuLimitMillis: 500 },
    is: { CpuShares: 512, CpuPeriod: 100_000, CpuQuota: 50_000 },
  },
  {
    why: 'both',
    wanted: { cpuRequestMillis: 100, cpuLimitMillis: 2_000 },
    is: { CpuShares: 102, CpuPeriod: 100_000, CpuQuota: 200_000 },
  },
  {
    why: 'the smallest quota',
    wanted: { cpuLimitMillis: 1 },
    is: { CpuShares: 2, CpuPeriod: 100_000, CpuQuota: 1_000 },
  },
  { why: 'the largest share', wanted: { cpuRequestMillis: 300_000 }, is: { CpuShares: 262_144 } },
  { why: 'memory, without swap', wanted: { memoryLimitBytes: 64 }, is: { CpuShares: 2, Memory: 64, MemorySwap: 64 } },
])('resources: $why', ({ wanted, is }) => {
  expect(resources(wanted)).toEqual(is);
});

describe('a sandbox', () => {
  const made = (more: Partial<PodSandboxConfig>) =>
    sandboxOptions('node', { pod, attempt: 0, ...more }, 'pause', 'bridge');

  it('publishes the ports that name a host port, and no others', () => {
    const ports = [
      { containerPort: 80, hostPort: 8080 },
      { containerPort: 80, hostPort: 8081, hostIp: '127.0.0.1' },
      { containerPort: 53, hostPort: 53, protocol: 'UDP' as const },
      { containerPort: 9090 },
    ];
    expect(made({ ports }).HostConfig?.PortBindings).toEqual({
      '80/tcp': [
        { HostPort: '8080', HostIp: '' },
        { HostPort: '8081', HostIp: '127.0.0.1' },
      ],
      '53/udp': [{ HostPort: '53', HostIp: '' }],
    });
  });

  it("has the node's network and no name of its own when asked to", () => {
    const options = made({ hostNetwork: true, hostname: 'web', ports: [{ containerPort: 80, hostPort: 80 }] });
    expect(options.Hostname).toBeUndefined();
    expect(options.HostConfig).toMatchObject({ NetworkMode: 'host', PortBindings: {} });
  });

  it('is called after its pod, cut to what a host name may be', () => {
    expect(made({}).Hostname).toBe('web');
    expect(made({ hostname: 'x'.repeat(70) }).Hostname).toHaveLength(63);
  });
});

it('a container says nothing of what the image is to decide', () => {
  const config = { pod, sandboxId: 's', name: 'main', attempt: 1, specHash: 'h', image: 'sha256:1' };
  const options = containerOptions('node', { ...config, command: [], args: [], workingDir: '' });
  for (const name of ['Entrypoint', 'Cmd', 'WorkingDir']) expect(options).not.toHaveProperty(name);
  expect(options.HostConfig).toMatchObject({ NetworkMode: 'container:s', IpcMode: 'container:s' });
  expect(engineName('main', pod, 1)).toBe('troupe_main_web_ns_u_1');
});
