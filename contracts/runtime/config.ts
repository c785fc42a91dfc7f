import type { PodRef, SecretName } from './references.ts';
import type { ContainerSecurity, NamespaceMode, Sysctl } from './security.ts';
import type { HostMount, VolumeMountConfig } from './volumes.ts';

/** A port of the pod, published on the node when it names a `hostPort`. */
export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly hostIp?: string;
  /** TCP when absent. */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

/**
 * The sandbox that holds the pod's network. The same `pod.uid` and `attempt` mean the same sandbox: a second call returns the
 * first id. Ports belong to the pod, because all its containers share one network.
 */
export interface PodSandboxConfig {
  readonly pod: PodRef;
  /** Counts from 0; rises when a dead sandbox is replaced. */
  readonly attempt: number;
  readonly hostname?: string;
  /** Share the node's network instead of having one. */
  readonly hostNetwork?: boolean;
  /** See the node's processes. */
  readonly hostPid?: boolean;
  /** Share the node's IPC. */
  readonly hostIpc?: boolean;
  readonly sysctls?: readonly Sysctl[];
  readonly ports?: readonly PortMapping[];
  readonly dns?: {
    readonly servers?: readonly string[];
    readonly searches?: readonly string[];
    readonly options?: readonly string[];
  };
}

/**
 * One entry of a container's environment, in order; a later entry of the same name wins. Values of secrets never pass through
 * the kubelet: it sends their names, and the runtime driver fetches the values.
 */
export type EnvEntry =
  /** `$(OTHER)` refers to an earlier entry, `$$` is a dollar. With `literal` (from a ConfigMap or field) nothing is expanded. */
  | { readonly name: string; readonly value: string; readonly literal?: boolean }
  | { readonly name: string; readonly secretKeyRef: SecretName & { readonly key: string } }
  /** `envFrom`: one variable per key of the secret, named `prefix` + key. */
  | { readonly secretRef: SecretName; readonly prefix?: string };
/** An entry after secrets and references are resolved. */
export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

export interface ContainerResources {
  /** From `requests.cpu`: the relative share when CPU time is scarce. */
  readonly cpuRequestMillis?: number;
  /** From `limits.cpu`: a quota. */
  readonly cpuLimitMillis?: number;
  /** From `limits.memory`. */
  readonly memoryLimitBytes?: number;
}

interface ContainerBase {
  readonly pod: PodRef;
  /** The sandbox whose network and IPC it joins. */
  readonly sandboxId: string;
  readonly name: string;
  /** Counts from 0; rises with each restart. */
  readonly attempt: number;
  /** Hash of the pod's container spec; returned in `ContainerStatus`. */
  readonly specHash: string;
  /** The `imageId` that `pullImage` or `imageStatus` returned, or the name of an image on the node. */
  readonly image: string;
  /** The image as named in the pod; returned in `ContainerStatus.image`. */
  readonly imageName?: string;
  /** Replaces the image's ENTRYPOINT and removes its CMD. */
  readonly command?: readonly string[];
  /** Replaces the image's CMD. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly resources?: ContainerResources;
  readonly security?: ContainerSecurity;
  /** Whose processes it sees; its own when absent. */
  readonly processes?: NamespaceMode;
  /** It shares the node's IPC, not the pod's. */
  readonly hostIpc?: boolean;
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
}
/**
 * A container as requested by the kubelet. The same `pod.uid`, `name` and `attempt` mean the same container: a second call
 * returns the first id. The runtime driver expands `$(VAR)` in command and args, as Kubernetes does.
 */
export interface ContainerConfig extends ContainerBase {
  readonly env?: readonly EnvEntry[];
  readonly mounts?: readonly VolumeMountConfig[];
}
/** A container as passed to an adapter: with secrets fetched, references expanded and mounts found. */
export interface ResolvedContainerConfig extends ContainerBase {
  readonly env?: readonly EnvVar[];
  readonly mounts?: readonly HostMount[];
}
