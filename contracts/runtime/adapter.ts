import type { LogLine, LogLines, LogQuery } from '../messages/logs.ts';
import type { PodSandboxConfig, ResolvedContainerConfig } from './config.ts';
import type { ContainerStatus, ImageInfo, RuntimeInfo, RuntimeLevel, SandboxStatus } from './status.ts';

/** Which part of a container's output; names and units as in `LogQuery`. */
export type LogWindow = Pick<LogQuery, 'tailLines' | 'sinceTime' | 'limitBytes'>;

/**
 * What runs containers: docker, containerd or a simulation of them. Few verbs, named after CRI's; what each promises
 * stands at `RuntimeOps`. All are idempotent and bounded in time. They reject only with StatusError: ServiceUnavailable when the
 * engine is out of reach, Timeout when it does not answer, else a refusal that `runtimeCause` names.
 * Every adapter passes test/conformance/runtime.conformance.ts.
 */
export interface RuntimeAdapter {
  info(): Promise<RuntimeInfo>;
  list(filter?: { readonly podUid?: string }): Promise<RuntimeLevel>;
  runPodSandbox(config: PodSandboxConfig): Promise<SandboxStatus>;
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  pullImage(image: string): Promise<ImageInfo>;
  /** `undefined` when it is not on the node. */
  imageStatus(image: string): Promise<ImageInfo | undefined>;
  /** @returns the container's id */
  createContainer(config: ResolvedContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  stopContainer(containerId: string, graceMs: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  containerStatus(containerId: string): Promise<ContainerStatus>;
  /** Output so far, oldest first; `tailLines` counts from the end. */
  logs(containerId: string, window: LogWindow): Promise<LogLines>;
  /**
   * Output later than `sinceTime` (or all), then live, line by line. Resolves when the container has ended and all
   * was handed over, or when `signal` aborts.
   */
  followLogs(
    containerId: string,
    options: { readonly sinceTime?: string; readonly signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void>;
  /**
   * Hints that `list` may differ now: may miss, may repeat. Without `podUid` anything may have changed (the engine came
   * back). @returns stops the hints
   */
  watch(onChange: (hint: { readonly podUid?: string }) => void): () => void;
  /** Lets go of the engine; containers keep running. */
  close(): Promise<void>;
}
