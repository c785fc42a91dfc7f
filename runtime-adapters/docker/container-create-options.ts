import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type {
  ContainerResources,
  PodSandboxConfig,
  PortMapping,
  ResolvedContainerConfig,
} from '../../contracts/runtime/config.ts';
import type { HostMount } from '../../contracts/runtime/volumes.ts';
import { type SecurityFacts, securityOptions } from './security-options.ts';
import { containerLabels, sandboxLabels } from './labels.ts';

/** The smallest and largest CPU share, and the smallest quota, that a kernel accepts; as in Kubernetes. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const PERIOD_US = 100_000;
const MIN_QUOTA_US = 1_000;
const HOSTNAME_MAX = 63;

/** The engine's options for a pod's sandbox, which holds its network. */
export function sandboxOptions(
  node: string,
  config: PodSandboxConfig,
  image: string,
  network: string,
): ContainerCreateOptions {
  const { dns, hostNetwork = false } = config;
  const published = (hostNetwork ? [] : (config.ports ?? [])).filter((port) => port.hostPort !== undefined);
  return {
    Image: image,
    Labels: sandboxLabels(node, config),
    ...(hostNetwork ? {} : { Hostname: (config.hostname ?? config.pod.name).slice(0, HOSTNAME_MAX) }),
    ExposedPorts: Object.fromEntries(published.map((port) => [portKey(port), {}])),
    HostConfig: {
      NetworkMode: hostNetwork ? 'host' : network,
      IpcMode: config.hostIpc === true ? 'host' : 'shareable',
      ...(config.hostPid === true ? { PidMode: 'host' } : {}),
      ...(config.sysctls === undefined
        ? {}
        : { Sysctls: Object.fromEntries(config.sysctls.map(({ name, value }) => [name, value])) }),
      PortBindings: portBindings(published),
      RestartPolicy: { Name: 'no' },
      LogConfig: { Type: 'none', Config: {} },
      CpuShares: MIN_SHARES,
      ...(dns?.servers === undefined ? {} : { Dns: [...dns.servers] }),
      ...(dns?.searches === undefined ? {} : { DnsSearch: [...dns.searches] }),
      ...(dns?.options === undefined ? {} : { DnsOptions: [...dns.options] }),
    },
  };
}

const portKey = (port: PortMapping): string => `${port.containerPort}/${(port.protocol ?? 'TCP').toLowerCase()}`;

function portBindings(ports: readonly PortMapping[]): NonNullable<HostConfig['PortBindings']> {
  const bindings: Record<string, { HostPort: string; HostIp: string }[]> = {};
  for (const port of ports) {
    const list = (bindings[portKey(port)] ??= []);
    list.push({ HostPort: String(port.hostPort), HostIp: port.hostIp ?? '' });
  }
  return bindings;
}

/** The engine's options for a container that joins a sandbox. */
export function containerOptions(
  node: string,
  config: ResolvedContainerConfig,
  facts?: SecurityFacts,
): ContainerCreateOptions {
  const sandbox = `container:${config.sandboxId}`;
  const { HostConfig: secured, ...user } = securityOptions(config.security, facts);
  const pid = config.processes === 'node' ? 'host' : config.processes === 'pod' ? sandbox : undefined;
  return {
    Image: config.image,
    Labels: containerLabels(node, config),
    Env: (config.env ?? []).map(({ name, value }) => `${name}=${value}`),
    // An entry point makes the engine drop the image's CMD, as Kubernetes' `command` does.
    ...(given(config.command) ? { Entrypoint: [...config.command] } : {}),
    ...(given(config.args) ? { Cmd: [...config.args] } : {}),
    ...(config.workingDir ? { WorkingDir: config.workingDir } : {}),
    ...user,
    Tty: config.tty ?? false,
    OpenStdin: config.stdin ?? false,
    StdinOnce: config.stdinOnce ?? false,
    HostConfig: {
      NetworkMode: sandbox,
      IpcMode: config.hostIpc === true ? 'host' : sandbox,
      ...(pid === undefined ? {} : { PidMode: pid }),
      ...secured,
      RestartPolicy: { Name: 'no' },
      // Sizes as in Kubernetes. The driver is given because the engine's default may be one whose logs cannot be read.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
      ...resources(config.resources ?? {}),
      ...(config.mounts === undefined ? {} : { Mounts: config.mounts.map(mountOptions) }),
    },
  };
}

/** As in Kubernetes, mounts of the node reach a container only where its `mountPropagation` says so. */
const PROPAGATION = { HostToContainer: 'rslave', Bidirectional: 'rshared' } as const;

const mountOptions = ({ hostPath, mountPath, readOnly = false, propagation }: HostMount) => ({
  Type: 'bind' as const,
  Source: hostPath,
  Target: mountPath,
  ReadOnly: readOnly,
  BindOptions: { Propagation: propagation === undefined ? ('rprivate' as const) : PROPAGATION[propagation] },
});

const given = (words: readonly string[] | undefined): words is readonly string[] =>
  words !== undefined && words.length > 0;

/** As in Kubernetes: CPU shares from the request (by default the limit), a CPU quota from the limit. */
export function resources(wanted: ContainerResources): Partial<HostConfig> {
  const { cpuLimitMillis: limit, cpuRequestMillis: request = limit, memoryLimitBytes: memory } = wanted;
  return {
    CpuShares: Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor(((request ?? 0) * 1024) / 1000))),
    ...(limit ? { CpuPeriod: PERIOD_US, CpuQuota: Math.max(MIN_QUOTA_US, (limit * PERIOD_US) / 1000) } : {}),
    // The same value for memory and memory plus swap, so that the container gets no swap.
    ...(memory ? { Memory: memory, MemorySwap: memory } : {}),
  };
}
