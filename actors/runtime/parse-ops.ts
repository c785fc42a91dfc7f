import type { LogQuery } from '../../contracts/messages/logs.ts';
import type {
  ContainerConfig,
  ContainerResources,
  EnvEntry,
  PodSandboxConfig,
  PortMapping,
} from '../../contracts/runtime/config.ts';
import type { SecretName } from '../../contracts/runtime/references.ts';
import type { Sysctl } from '../../contracts/runtime/security.ts';
import { GRACE_MS_MAX, type RuntimeOp, type RuntimeOps } from '../../contracts/runtime/ops.ts';
import { security } from './parse-security.ts';
import { podProbes } from './probes/parse-probes.ts';
import { mount, pod, podVolumes, SECRET, secretName, folderName } from './volumes/parse-volumes.ts';
import { fields, filledText, flag, list, oneOf, optional, type Parse, text, wholeNumber } from './parse-fields.ts';

const PORT_MAX = 65_535;
const count = wholeNumber(0);

const port = fields<PortMapping>({
  containerPort: wholeNumber(1, PORT_MAX),
  hostPort: optional(wholeNumber(1, PORT_MAX)),
  hostIp: optional(text),
  protocol: optional(oneOf('TCP', 'UDP', 'SCTP')),
});

const sandbox = fields<PodSandboxConfig>({
  pod,
  attempt: count,
  hostname: optional(text),
  hostNetwork: optional(flag),
  hostPid: optional(flag),
  hostIpc: optional(flag),
  sysctls: optional(list(fields<Sysctl>({ name: filledText, value: text }))),
  ports: optional(list(port)),
  dns: optional(
    fields<NonNullable<PodSandboxConfig['dns']>>({
      servers: optional(list(text)),
      searches: optional(list(text)),
      options: optional(list(text)),
    }),
  ),
});

const envEntry: Parse<EnvEntry> = (value, path) => {
  const has = (name: string): boolean => typeof value === 'object' && value !== null && Object.hasOwn(value, name);
  if (has('secretRef')) {
    return fields<{ readonly secretRef: SecretName; readonly prefix?: string }>({
      secretRef: secretName,
      prefix: optional(text),
    })(value, path);
  }
  if (has('secretKeyRef')) {
    return fields<{ readonly name: string; readonly secretKeyRef: SecretName & { readonly key: string } }>({
      name: filledText,
      secretKeyRef: fields<SecretName & { readonly key: string }>({ ...SECRET, key: filledText }),
    })(value, path);
  }
  return fields<{ readonly name: string; readonly value: string; readonly literal?: boolean }>({
    name: filledText,
    value: text,
    literal: optional(flag),
  })(value, path);
};

const container = fields<ContainerConfig>({
  pod,
  sandboxId: filledText,
  name: filledText,
  attempt: count,
  specHash: text,
  image: filledText,
  imageName: optional(text),
  command: optional(list(text)),
  args: optional(list(text)),
  workingDir: optional(text),
  env: optional(list(envEntry)),
  mounts: optional(list(mount)),
  resources: optional(
    fields<ContainerResources>({
      cpuRequestMillis: optional(count),
      cpuLimitMillis: optional(count),
      memoryLimitBytes: optional(count),
    }),
  ),
  security: optional(security),
  processes: optional(oneOf('container', 'pod', 'node')),
  hostIpc: optional(flag),
  tty: optional(flag),
  stdin: optional(flag),
  stdinOnce: optional(flag),
});

const logQuery = fields<LogQuery>({
  namespace: filledText,
  pod: filledText,
  podUid: optional(text),
  container: optional(text),
  follow: optional(flag),
  previous: optional(flag),
  tailLines: optional(count),
  sinceTime: optional(text),
  limitBytes: optional(wholeNumber(1)),
});

const nothing: Parse<Record<string, never>> = (value, path) => fields<Record<never, never>>({})(value ?? {}, path);
const sandboxId = fields<{ readonly sandboxId: string }>({ sandboxId: filledText });
const containerId = fields<{ readonly containerId: string }>({ containerId: filledText });
const image = fields<{ readonly image: string }>({ image: filledText });

/** Parses the request body of each runtime operation. @throws StatusError BadRequest */
export const PARSE_OP: { readonly [K in RuntimeOp]: Parse<RuntimeOps[K][0]> } = {
  info: nothing,
  stats: nothing,
  list: (value, path) => fields<{ readonly podUid?: string }>({ podUid: optional(filledText) })(value ?? {}, path),
  setUpVolumes: podVolumes,
  setProbes: podProbes,
  tearDownVolumes: fields<RuntimeOps['tearDownVolumes'][0]>({ podUid: folderName, keepFolder: optional(flag) }),
  runPodSandbox: sandbox,
  stopPodSandbox: sandboxId,
  removePodSandbox: sandboxId,
  pullImage: image,
  imageStatus: image,
  listImages: nothing,
  removeImage: fields<RuntimeOps['removeImage'][0]>({ imageId: filledText }),
  createContainer: container,
  startContainer: containerId,
  stopContainer: fields<RuntimeOps['stopContainer'][0]>({
    containerId: filledText,
    graceMs: wholeNumber(0, GRACE_MS_MAX),
  }),
  removeContainer: containerId,
  containerStatus: containerId,
  logs: logQuery,
};
