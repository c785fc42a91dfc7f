import type { PodRef } from './config.ts';

export interface SandboxStatus {
  readonly id: string;
  readonly pod: PodRef;
  readonly attempt: number;
  /** `notReady`: it is there but does not run; stop what is in it, remove it and run the next attempt. */
  readonly state: 'ready' | 'notReady';
  /** The pod's address; absent on the node's own network and while not ready. */
  readonly ip?: string;
  /** Milliseconds since the Unix epoch, as all times here. */
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
  /** The image as it was asked for. */
  readonly image: string;
  readonly imageId: string;
  readonly createdAt: number;
  /** Absent until it was started. */
  readonly startedAt?: number;
  /** The four below are there when `exited`, and only then. */
  readonly finishedAt?: number;
  /** 128 + signal when a signal ended it. */
  readonly exitCode?: number;
  readonly oomKilled?: boolean;
  /** Kubernetes' words. */
  readonly reason?: 'Completed' | 'Error' | 'OOMKilled' | 'ContainerCannotRun';
  /** The engine's own words, where it has some. */
  readonly message?: string;
}

/** What a runtime has, in any state: of a node, or of one pod. */
export interface RuntimeLevel {
  readonly sandboxes: readonly SandboxStatus[];
  readonly containers: readonly ContainerStatus[];
}

export interface ImageInfo {
  /** Content-addressed (`sha256:…`): what to give as `ContainerConfig.image`. */
  readonly imageId: string;
  /** As asked for. */
  readonly image: string;
  readonly sizeBytes?: number;
  /** `name@sha256:…` where the image came from a registry. */
  readonly repoDigests?: readonly string[];
}

/** The engine and the machine it runs on; what a Node object's `nodeInfo` and `capacity` are made from. */
export interface RuntimeInfo {
  /** `docker`, `simulated` … */
  readonly runtime: string;
  readonly version: string;
  readonly operatingSystem: string;
  readonly osImage: string;
  readonly kernelVersion: string;
  /** Go's name: `amd64`, `arm64` … */
  readonly architecture: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}
