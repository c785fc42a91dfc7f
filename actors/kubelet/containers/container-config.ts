import { canonicalJson, safeHash } from '../../../contracts/hash/stable-hash.ts';
import type { Container, Pod } from '../../../contracts/kinds/kinds.ts';
import { imageTag } from '../../../contracts/kinds/pod-template/defaults.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import { cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';
import type { ContainerConfig, ContainerResources, PodSandboxConfig } from '../../../contracts/runtime/config.ts';
import type { PodRef } from '../../../contracts/runtime/references.ts';
import { containerSecurity, processMode } from '../security/container-security.ts';
import { volumeMounts } from '../volumes/volume-mounts.ts';
import { type ConfigError, containerEnv, type EnvFacts, isConfigError } from './container-env.ts';

export const podRef = (pod: Pod): PodRef => ({
  uid: pod.metadata?.uid ?? '',
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
});

/**
 * A container restarts when this hash changes. As in Kubernetes it covers name and image only: other fields cannot be
 * changed, and a default that a new release adds must not restart every pod.
 */
export const specHash = (container: Container): string => safeHash(canonicalJson([container.name, container.image]), 6);

/** The image pull policy; by default Always for the tag `latest`, or where there is neither tag nor digest. */
export function pullPolicy(container: Container): 'Always' | 'IfNotPresent' | 'Never' {
  const given = container.imagePullPolicy;
  if (given === 'Always' || given === 'IfNotPresent' || given === 'Never') return given;
  return imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

/** The largest number that a message carries exactly; no machine has as much, so that a larger limit means the same. */
const capped = (units: number): number => Math.min(units, Number.MAX_SAFE_INTEGER);

function resourcesOf(container: Container): ContainerResources | undefined {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuRequestMillis = capped(cpuMillis(requests['cpu'] ?? limits['cpu']));
  const cpuLimitMillis = capped(cpuMillis(limits['cpu']));
  const memoryLimitBytes = capped(wholeUnits(limits['memory']));
  const found = {
    ...(cpuRequestMillis > 0 ? { cpuRequestMillis } : {}),
    ...(cpuLimitMillis > 0 ? { cpuLimitMillis } : {}),
    ...(memoryLimitBytes > 0 ? { memoryLimitBytes } : {}),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}

/** The request that creates one attempt of a container, or why it cannot be made yet. Pure. */
export function containerConfig(
  dispatched: DispatchedPod,
  container: Container,
  at: { readonly sandboxId: string; readonly attempt: number; readonly imageId: string; readonly facts: EnvFacts },
): ContainerConfig | ConfigError {
  const env = containerEnv(dispatched, container, at.facts);
  if (isConfigError(env)) return env;
  const security = containerSecurity(dispatched.pod, container);
  if (security !== undefined && isConfigError(security)) return security;
  const processes = processMode(dispatched.pod);
  const resources = resourcesOf(container);
  const mounts = volumeMounts(dispatched.pod.spec, container);
  return {
    pod: podRef(dispatched.pod),
    sandboxId: at.sandboxId,
    name: container.name,
    attempt: at.attempt,
    specHash: specHash(container),
    image: at.imageId,
    imageName: container.image ?? '',
    ...(container.command === undefined ? {} : { command: container.command }),
    ...(container.args === undefined ? {} : { args: container.args }),
    ...(container.workingDir === undefined ? {} : { workingDir: container.workingDir }),
    ...(env.length === 0 ? {} : { env }),
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(resources === undefined ? {} : { resources }),
    ...(security === undefined ? {} : { security }),
    ...(processes === 'container' ? {} : { processes }),
    ...(dispatched.pod.spec?.hostIPC === true ? { hostIpc: true } : {}),
    ...(container.tty === true ? { tty: true } : {}),
    ...(container.stdin === true ? { stdin: true } : {}),
    ...(container.stdinOnce === true ? { stdinOnce: true } : {}),
  };
}

const protocolOf = (name: string | undefined) => (name === 'UDP' || name === 'SCTP' ? name : 'TCP');

/** The request that creates one attempt of a pod's sandbox. Pure. */
export function sandboxConfig(pod: Pod, attempt: number): PodSandboxConfig {
  const spec = pod.spec;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const dns = spec?.dnsConfig;
  const sysctls = spec?.securityContext?.sysctls ?? [];
  return {
    pod: podRef(pod),
    attempt,
    hostname: (spec?.hostname ?? pod.metadata?.name ?? '').slice(0, 63).replace(/[-.]+$/, ''),
    ...(spec?.hostNetwork === true ? { hostNetwork: true } : {}),
    ...(spec?.hostPID === true ? { hostPid: true } : {}),
    ...(spec?.hostIPC === true ? { hostIpc: true } : {}),
    ...(sysctls.length === 0
      ? {}
      : { sysctls: sysctls.map(({ name, value }) => ({ name: name.replaceAll('/', '.'), value })) }),
    ...(ports.length === 0
      ? {}
      : {
          ports: ports.map((port) => ({
            containerPort: port.containerPort,
            ...(port.hostPort === undefined || port.hostPort === 0 ? {} : { hostPort: port.hostPort }),
            ...(port.hostIP === undefined ? {} : { hostIp: port.hostIP }),
            protocol: protocolOf(port.protocol),
          })),
        }),
    ...(dns === undefined
      ? {}
      : {
          dns: {
            servers: dns.nameservers ?? [],
            searches: dns.searches ?? [],
            options: (dns.options ?? []).map(({ name = '', value }) =>
              value === undefined ? name : `${name}:${value}`,
            ),
          },
        }),
  };
}
