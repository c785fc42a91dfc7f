import { canonicalJson, safeHash } from '../../../contracts/hash/stable-hash.ts';
import type { Container, Pod } from '../../../contracts/kinds/kinds.ts';
import { imageTag } from '../../../contracts/kinds/pod-template/defaults.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import { cpuMillis, wholeUnits } from '../../../contracts/quantity.ts';
import type {
  ContainerConfig,
  ContainerResources,
  PodRef,
  PodSandboxConfig,
} from '../../../contracts/runtime/config.ts';
import { type ConfigError, containerEnv, type EnvFacts, isConfigError } from './container-env.ts';

export const podRef = (pod: Pod): PodRef => ({
  uid: pod.metadata?.uid ?? '',
  namespace: pod.metadata?.namespace ?? '',
  name: pod.metadata?.name ?? '',
});

/**
 * What must be equal for a running container to be left alone. As in Kubernetes only name and image: the rest of a
 * container can't be changed, and a default that a new release adds must not restart every pod.
 */
export const specHash = (container: Container): string => safeHash(canonicalJson([container.name, container.image]), 6);

/** Tag `latest`, or no tag and no digest: pulled always, unless the pod says otherwise. */
export function pullPolicy(container: Container): 'Always' | 'IfNotPresent' | 'Never' {
  const given = container.imagePullPolicy;
  if (given === 'Always' || given === 'IfNotPresent' || given === 'Never') return given;
  return imageTag(container.image ?? '') === 'latest' ? 'Always' : 'IfNotPresent';
}

/** So far does a message count exactly; more than this no machine has, so that it limits nothing all the same. */
const most = (units: number): number => Math.min(units, Number.MAX_SAFE_INTEGER);

function resourcesOf(container: Container): ContainerResources | undefined {
  const { limits = {}, requests = {} } = container.resources ?? {};
  const cpuRequestMillis = most(cpuMillis(requests['cpu'] ?? limits['cpu']));
  const cpuLimitMillis = most(cpuMillis(limits['cpu']));
  const memoryLimitBytes = most(wholeUnits(limits['memory']));
  const found = {
    ...(cpuRequestMillis > 0 ? { cpuRequestMillis } : {}),
    ...(cpuLimitMillis > 0 ? { cpuLimitMillis } : {}),
    ...(memoryLimitBytes > 0 ? { memoryLimitBytes } : {}),
  };
  return Object.keys(found).length > 0 ? found : undefined;
}

/** The question that makes one attempt of a container, or why it can't be asked yet. Pure. */
export function containerConfig(
  dispatched: DispatchedPod,
  container: Container,
  at: { readonly sandboxId: string; readonly attempt: number; readonly imageId: string; readonly facts: EnvFacts },
): ContainerConfig | ConfigError {
  const env = containerEnv(dispatched, container, at.facts);
  if (isConfigError(env)) return env;
  const resources = resourcesOf(container);
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
    ...(resources === undefined ? {} : { resources }),
    ...(container.tty === true ? { tty: true } : {}),
    ...(container.stdin === true ? { stdin: true } : {}),
    ...(container.stdinOnce === true ? { stdinOnce: true } : {}),
  };
}

const protocolOf = (name: string | undefined) => (name === 'UDP' || name === 'SCTP' ? name : 'TCP');

/** The question that makes one attempt of a pod's sandbox. Pure. */
export function sandboxConfig(pod: Pod, attempt: number): PodSandboxConfig {
  const spec = pod.spec;
  const ports = (spec?.containers ?? []).flatMap((container) => container.ports ?? []);
  const dns = spec?.dnsConfig;
  return {
    pod: podRef(pod),
    attempt,
    hostname: (spec?.hostname ?? pod.metadata?.name ?? '').slice(0, 63).replace(/[-.]+$/, ''),
    ...(spec?.hostNetwork === true ? { hostNetwork: true } : {}),
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
