import type { PodRef } from './references.ts';
import type { PodProbes } from './probes.ts';
import type { PodFolder } from './volumes.ts';

export interface SandboxStatus {
  readonly id: string;
  readonly pod: PodRef;
  readonly attempt: number;
  /** `notReady`: it exists but does not run. Stop its containers, remove it and run the next attempt. */
  readonly state: 'ready' | 'notReady';
  /** The pod's address; absent on the node's own network and while not ready. */
  readonly ip?: string;
  /** Milliseconds since the Unix epoch, like all times here. */
  readonly createdAt: number;
}

export interface ContainerStatus {
  readonly id: string;
  readonly sandboxId: string;
  readonly pod: PodRef;
  readonly name: string;
  readonly attempt: number;
  readonly specHash: string;
  readonly state: 'created' | 'running' | 'exited' | 'unknown';
  /** The image as it was requested. */
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: number;
  /** Absent until the container was started. */
  readonly startedAt?: number;
  /** This and the next three are set when `exited`, and only then. */
  readonly finishedAt?: number;
  /** 128 + signal number when a signal ended it. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Kubernetes' reasons. */
  readonly reason?: 'Completed' | 'Error' | 'OOMKilled' | 'ContainerCannotRun';
  /** The engine's message, if there is one. */
  readonly message?: string;
}

/** All sandboxes and containers of a node or of one pod, in any state. */
export interface RuntimeLevel {
  readonly sandboxes: readonly SandboxStatus[];
  readonly containers: readonly ContainerStatus[];
  /** The pods' folders; absent where there are none. */
  readonly folders?: readonly PodFolder[];
  /** The pods' probes; absent where there are none. */
  readonly probes?: readonly PodProbes[];
}

export interface ImageInfo {
  /** Content-addressed (`sha256:…`): use it as `ContainerConfig.image`. */
  readonly imageId: string;
  /** The image as it was requested. */
  readonly image: string;
  readonly sizeBytes?: number;
  /** `name@sha256:…` if the image came from a registry. */
  readonly repoDigests?: readonly string[];
}

/** An image that the engine has. */
export interface StoredImage {
  readonly imageId: string;
  readonly sizeBytes: number;
}

/** The engine and the machine it runs on; source of a Node object's `nodeInfo` and `capacity`. */
export interface RuntimeInfo {
  /** `docker`, `simulated` … */
  readonly runtime: string;
  readonly version: string;
  readonly operatingSystem: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  /** As Go names it: `amd64`, `arm64` … */
  readonly architecture: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  /** Size of the filesystem where the pods' folders are. */
  readonly ephemeralStorageBytes?: number;
}
