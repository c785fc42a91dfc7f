import type { ContainerCreateOptions, HostConfig } from 'dockerode';
import type {
  ContainerResources,
  PodSandboxConfig,
  PortMapping,
  ResolvedContainerConfig,
} from '../../contracts/runtime/config.ts';
import { containerLabels, sandboxLabels } from './labels.ts';

/** As the kubelet: the smallest and the largest share, and the smallest quota, that a kernel takes. */
const MIN_SHARES = 2;
const MAX_SHARES = 262_144;
const PERIOD_US = 100_000;
const MIN_QUOTA_US = 1_000;
const HOSTNAME_MAX = 63;

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
      IpcMode: hostNetwork ? 'host' : 'shareable',
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

export function containerOptions(node: string, config: ResolvedContainerConfig): ContainerCreateOptions {
  const sandbox = `container:${config.sandboxId}`;
  return {
    Image: config.image,
    Labels: containerLabels(node, config),
    Env: (config.env ?? []).map(({ name, value }) => `${name}=${value}`),
    // The engine drops the image's CMD when an entry point is given, as Kubernetes' `command` does.
    ...(given(config.command) ? { Entrypoint: [...config.command] } : {}),
    ...(given(config.args) ? { Cmd: [...config.args] } : {}),
    ...(config.workingDir ? { WorkingDir: config.workingDir } : {}),
    Tty: config.tty ?? false,
    OpenStdin: config.stdin ?? false,
    StdinOnce: config.stdinOnce ?? false,
    HostConfig: {
      NetworkMode: sandbox,
      IpcMode: sandbox,
      RestartPolicy: { Name: 'no' },
      // Sizes as the kubelet rotates at; named here because an engine's default may be a driver that can't be read back.
      LogConfig: { Type: 'json-file', Config: { 'max-size': '10m', 'max-file': '5' } },
      ...resources(config.resources ?? {}),
    },
  };
}

const given = (words: readonly string[] | undefined): words is readonly string[] =>
  words !== undefined && words.length > 0;

/** As the kubelet: shares from the request (or the limit, when there is no request), a quota from the limit. */
export function resources(wanted: ContainerResources): Partial<HostConfig> {
  const { cpuLimitMillis: limit, cpuRequestMillis: request = limit, memoryLimitBytes: memory } = wanted;
  return {
    CpuShares: Math.min(MAX_SHARES, Math.max(MIN_SHARES, Math.floor(((request ?? 0) * 1024) / 1000))),
    ...(limit ? { CpuPeriod: PERIOD_US, CpuQuota: Math.max(MIN_QUOTA_US, (limit * PERIOD_US) / 1000) } : {}),
    // The same figure for memory and swap: a limit that swap can't stretch.
    ...(memory ? { Memory: memory, MemorySwap: memory } : {}),
  };
}
