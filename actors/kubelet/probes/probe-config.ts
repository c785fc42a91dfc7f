import type { Container, Pod, Probe } from '../../../contracts/kinds/kinds.ts';
import type { HttpProbe, ProbeConfig, ProbeHandler, ProbeKind } from '../../../contracts/runtime/probes.ts';
import type { ContainerStatus } from '../../../contracts/runtime/status.ts';

const SECOND = 1000;

const FIELDS = { startup: 'startupProbe', readiness: 'readinessProbe', liveness: 'livenessProbe' } as const;
export const probeOf = (container: Container, kind: ProbeKind): Probe | undefined => container[FIELDS[kind]];

/** A probe of a running container, with names of ports and defaults filled in. Pure. @param host  the pod's address */
export function probeConfig(
  {
    pod,
    container,
    running,
    host,
  }: {
    readonly pod: Pod;
    readonly container: Container;
    readonly running: ContainerStatus;
    readonly host: string;
  },
  kind: ProbeKind,
  probe: Probe,
): ProbeConfig {
  const {
    initialDelaySeconds = 0,
    periodSeconds = 10,
    timeoutSeconds = 1,
    successThreshold = 1,
    failureThreshold = 3,
  } = probe;
  return {
    containerId: running.id,
    kind,
    firstAt: (running.startedAt ?? running.createdAt) + initialDelaySeconds * SECOND,
    periodMs: periodSeconds * SECOND,
    timeoutMs: timeoutSeconds * SECOND,
    successThreshold,
    failureThreshold,
    ...handlerOf(pod, container, probe, host),
  };
}

function handlerOf(pod: Pod, container: Container, probe: Probe, podHost: string): ProbeHandler {
  const { exec, httpGet, tcpSocket, grpc } = probe;
  if (exec !== undefined) return { exec: { command: exec.command ?? [] } };
  const given = httpGet?.port ?? tcpSocket?.port ?? grpc?.port ?? 0;
  const port = portOf(container, given);
  if (port === undefined) return { invalid: `couldn't find port: "${given}" in pod ${pod.metadata?.name ?? ''}` };
  if (httpGet !== undefined) {
    const { scheme, host, path = '/', httpHeaders } = httpGet;
    const found: HttpProbe = { scheme: scheme === 'HTTPS' ? 'HTTPS' : 'HTTP', host: filled(host, podHost), port, path };
    return { httpGet: httpHeaders === undefined ? found : { ...found, headers: httpHeaders } };
  }
  if (tcpSocket !== undefined) return { tcpSocket: { host: filled(tcpSocket.host, podHost), port } };
  return grpc === undefined
    ? { invalid: 'missing probe handler' }
    : { grpc: { host: podHost, port, service: grpc.service ?? '' } };
}

const filled = (host: string | undefined, podHost: string): string =>
  host === undefined || host === '' ? podHost : host;

/** A port by number, or by its name in the container. */
function portOf(container: Container, port: string | number): number | undefined {
  const named = container.ports?.find(({ name }) => name === port)?.containerPort;
  const found = named ?? Number(port);
  return Number.isInteger(found) && found >= 1 && found <= 65_535 ? found : undefined;
}
