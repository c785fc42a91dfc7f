/** What a container's processes may do. Everything absent is as the image and the engine have it. */
export interface ContainerSecurity {
  /** Ids of the user and of its first group. */
  readonly user?: number;
  readonly group?: number;
  /** Further groups of the user. */
  readonly groups?: readonly number[];
  /** Refuse the container (cause CreateContainerConfigError) where the image's user is root, or has a name instead of an id. */
  readonly nonRoot?: boolean;
  readonly privileged?: boolean;
  /** Names without `CAP_`, or `ALL`. */
  readonly addCapabilities?: readonly string[];
  readonly dropCapabilities?: readonly string[];
  /** No process gains more privileges than its parent has. */
  readonly noNewPrivileges?: boolean;
  readonly readOnlyRootFilesystem?: boolean;
  /** The filter of system calls: the engine's own by default. `localhost` names a file in the node's folder of profiles. */
  readonly seccomp?:
    | { readonly type: 'RuntimeDefault' | 'Unconfined' }
    | { readonly type: 'Localhost'; readonly localhost: string };
  /** Name of a profile that the node has loaded, or `unconfined`. */
  readonly appArmor?: string;
  /** Show all of /proc, nothing of it hidden or read-only. */
  readonly unmaskedProc?: boolean;
}

/** Whose processes, or whose IPC, a pod's containers see. */
export type NamespaceMode = 'container' | 'pod' | 'node';

/** Kernel settings that belong to the pod's own namespaces. */
export interface Sysctl {
  readonly name: string;
  readonly value: string;
}
