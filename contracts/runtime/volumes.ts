import type { PodRef, SecretName } from './references.ts';
import type { FilesystemStats, VolumeStats } from './filesystem.ts';

/** The content of one file: text, or bytes in base64. */
export type FileContent = { readonly text: string } | { readonly base64: string };

/** A key of a Secret or ConfigMap and the file that it becomes. */
export interface KeyFile {
  readonly key: string;
  readonly path: string;
  /** Permission bits; those of the volume when absent. */
  readonly mode?: number;
}

/** A ServiceAccount's token that is written into a file and renewed when 80 % of its life has passed. */
export interface TokenFile {
  readonly namespace: string;
  readonly serviceAccount: string;
  readonly path: string;
  readonly audience?: string;
  readonly expirationSeconds: number;
  readonly mode?: number;
  /** The user that owns the file. */
  readonly ownerUid?: number;
}

/**
 * What a volume's files come from. Values of Secrets and tokens never pass through the kubelet: it names them, and the
 * runtime driver fetches them.
 */
export type FileSource =
  | ({ readonly path: string; readonly mode?: number } & FileContent)
  /** All keys of the Secret, or `items` only. */
  | { readonly secret: SecretName; readonly items?: readonly KeyFile[] }
  | { readonly token: TokenFile };

export interface EmptyDir {
  /** Kept in memory (tmpfs). */
  readonly memory?: boolean;
  /** Size of the tmpfs. On disk the kubelet enforces the limit, by eviction. */
  readonly sizeLimitBytes?: number;
}

/** Kubernetes' types of a hostPath; empty = no check. */
export const HOST_PATH_TYPES = [
  '',
  'DirectoryOrCreate',
  'Directory',
  'FileOrCreate',
  'File',
  'Socket',
  'CharDevice',
  'BlockDevice',
] as const;
export type HostPathType = (typeof HOST_PATH_TYPES)[number];
export interface HostPath {
  readonly path: string;
  readonly type: HostPathType;
}

/** Files that are replaced together, atomically, when one of them changes. */
export interface Files<Source> {
  /** Kubernetes' name of the volume's plugin: `configmap`, `secret`, `projected`, `downward-api`. */
  readonly plugin: string;
  readonly sources: readonly Source[];
  /** Permission bits of files without a mode of their own. */
  readonly defaultMode: number;
  /** Kept in memory (tmpfs): it holds Secrets or tokens. */
  readonly memory: boolean;
}

/** A volume of a pod. Exactly one of `emptyDir`, `hostPath` and `files` is set. */
export interface VolumeConfig<Source = FileSource> {
  readonly name: string;
  readonly emptyDir?: EmptyDir;
  readonly hostPath?: HostPath;
  readonly files?: Files<Source>;
}

/** The volumes of a pod, as requested by the kubelet. */
export interface PodVolumesConfig<Source = FileSource> {
  readonly pod: PodRef;
  /**
   * Identifies the content of all volumes, with the versions of Secrets; returned in `PodFolder.version`. Empty when some volumes
   * are left out, because they cannot be made: then the folder keeps its version.
   */
  readonly version: string;
  readonly volumes: readonly VolumeConfig<Source>[];
  /** The group that owns the files of emptyDir, configMap, secret, projected and downwardAPI volumes. */
  readonly fsGroup?: number;
}

/** A file with its content, as passed to a `VolumeHost`. */
export type ResolvedFile = {
  readonly path: string;
  readonly mode?: number;
  readonly ownerUid?: number;
} & FileContent;
/** Volumes with Secrets and tokens fetched. */
export interface ResolvedPodVolumes extends PodVolumesConfig<ResolvedFile> {
  /** When the first of its tokens must be renewed; milliseconds since the Unix epoch. */
  readonly refreshAt?: number;
}

/** A pod's folder on the node. */
export interface PodFolder {
  readonly pod: PodRef;
  /** `PodVolumesConfig.version` of the volumes that are set up; empty while there are none. */
  readonly version: string;
  /** When its volumes must be set up again although nothing changed; milliseconds since the Unix epoch. */
  readonly refreshAt?: number;
}

/** Where a container sees a volume, or a part of it. */
export interface VolumeMountConfig {
  readonly volume: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  /** Submounts are read-only too. Refused where the kernel or engine cannot do it. */
  readonly recursiveReadOnly?: boolean;
  /** A path inside the volume. It must not leave the volume. */
  readonly subPath?: string;
  /** The same with references `$(VAR)` to the container's environment. */
  readonly subPathExpr?: string;
  readonly propagation?: 'HostToContainer' | 'Bidirectional';
}

/** A file or folder of the node that a container sees. */
export interface HostMount {
  readonly hostPath: string;
  readonly mountPath: string;
  readonly readOnly?: boolean;
  readonly recursiveReadOnly?: boolean;
  readonly propagation?: 'HostToContainer' | 'Bidirectional';
}

/** Keeps the folders of a node's pods with their volumes. All methods are idempotent. */
export interface VolumeHost {
  /** Every pod that has a folder. */
  list(): Promise<readonly PodFolder[]>;
  /**
   * Makes the volumes as requested; files of running containers are replaced atomically.
   * @throws StatusError Invalid, cause FailedMount: a volume cannot be made, named in the message
   */
  setUp(volumes: ResolvedPodVolumes): Promise<PodFolder>;
  /** Unmounts and removes the volumes of a pod, and all else in its folder unless `keepFolder`. */
  tearDown(podUid: string, keepFolder?: boolean): Promise<void>;
  /** The filesystem of the pods' folders. */
  filesystem(): Promise<FilesystemStats>;
  /** The filesystem of the pods' folders, and the size of the volumes on it that belong to a pod. */
  stats(): Promise<{ readonly nodefs: FilesystemStats; readonly volumes: readonly VolumeStats[] }>;
  /**
   * Finds what a container's mounts refer to; sub-paths are made where they are missing.
   * @throws StatusError Invalid, cause CreateContainerConfigError
   */
  mounts(pod: PodRef, container: string, mounts: readonly VolumeMountConfig[]): Promise<readonly HostMount[]>;
}
