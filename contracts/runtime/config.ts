/** Which pod something belongs to. */
export interface PodRef {
  readonly uid: string;
  readonly namespace: string;
  readonly name: string;
}

/** A port of the pod, published on the node when it names a `hostPort`. */
export interface PortMapping {
  readonly containerPort: number;
  readonly hostPort?: number;
  readonly hostIp?: string;
  /** TCP when absent. */
  readonly protocol?: 'TCP' | 'UDP' | 'SCTP';
}

/**
 * What holds the pod's network. Same `pod.uid` and `attempt` = the same sandbox: a second call answers with the first id.
 * Ports are the pod's, not a container's: all its containers share one network.
 */
export interface PodSandboxConfig {
  readonly pod: PodRef;
  /** Counts from 0; rises when a dead sandbox is replaced. */
  readonly attempt: number;
  readonly hostname?: string;
  /** Share the node's network instead of having one. */
  readonly hostNetwork?: boolean;
  readonly ports?: readonly PortMapping[];
  readonly dns?: {
    readonly servers?: readonly string[];
    readonly searches?: readonly string[];
    readonly options?: readonly string[];
  };
}

export interface SecretName {
  readonly namespace: string;
  readonly name: string;
  /** An absent secret or key is left out instead of refused (cause CreateContainerConfigError). */
  readonly optional?: boolean;
}
/**
 * One entry of a container's environment, in order; a later name wins. Values of secrets never pass the kubelet: it names
 * them and the runtime driver fetches them.
 */
export type EnvEntry =
  /** `$(OTHER)` refers to an earlier entry, `$$` is a dollar; with `literal` (from a ConfigMap, a field) it stays as it is. */
  | { readonly name: string; readonly value: string; readonly literal?: boolean }
  | { readonly name: string; readonly secretKeyRef: SecretName & { readonly key: string } }
  /** `envFrom`: every key of the secret, `prefix` before its name. */
  | { readonly secretRef: SecretName; readonly prefix?: string };
/** An entry once secrets and references are resolved. */
export interface EnvVar {
  readonly name: string;
  readonly value: string;
}

export interface ContainerResources {
  /** From `requests.cpu`: a share when the CPU is contended. */
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
  /** Counts from 0; rises with every restart. */
  readonly attempt: number;
  /** Hash of what the kubelet made this from; comes back in `ContainerStatus`. */
  readonly specHash: string;
  /** As `pullImage` or `imageStatus` answered (`imageId`), or a name that is present on the node. */
  readonly image: string;
  /** The image as the pod names it; comes back in `ContainerStatus.image`. */
  readonly imageName?: string;
  /** Replaces the image's ENTRYPOINT, and drops its CMD. */
  readonly command?: readonly string[];
  /** Replaces the image's CMD. */
  readonly args?: readonly string[];
  readonly workingDir?: string;
  readonly resources?: ContainerResources;
  readonly tty?: boolean;
  readonly stdin?: boolean;
  readonly stdinOnce?: boolean;
}
/**
 * A container as the kubelet asks for it. Same `pod.uid`, `name` and `attempt` = the same container: a second call answers
 * with the first id. `$(VAR)` in command and args is expanded by the runtime driver, as Kubernetes does.
 */
export interface ContainerConfig extends ContainerBase {
  readonly env?: readonly EnvEntry[];
}
/** A container as an adapter gets it: secrets fetched, references expanded. */
export interface ResolvedContainerConfig extends ContainerBase {
  readonly env?: readonly EnvVar[];
}
