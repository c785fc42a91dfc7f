// oxlint-disable-next-line import/no-nodejs-modules -- types alone
import type { Duplex, Readable, Writable } from 'node:stream';
import type { LogLine, LogLines, LogQuery } from '../messages/logs.ts';
import type { TerminalSize } from '../messages/sessions.ts';
import type { ProbeHandler } from './probes.ts';
import type { PodSandboxConfig, ResolvedContainerConfig } from './config.ts';
import type { RuntimeStats } from './stats.ts';
import type { ContainerStatus, ImageInfo, RuntimeInfo, RuntimeLevel, SandboxStatus, StoredImage } from './status.ts';

/** The requested part of a container's output; names and units as in `LogQuery`. */
export type LogWindow = Pick<LogQuery, 'tailLines' | 'sinceTime' | 'limitBytes'>;

export interface ExecConfig {
  readonly command: readonly string[];
  /** The command can read from `ExecProcess.stdin`; otherwise its input is empty. */
  readonly stdin: boolean;
  /** Run it in a terminal. */
  readonly tty: boolean;
  /** The terminal's size at the start. */
  readonly size?: TerminalSize;
}

/** A command that runs in a container. Who does not read its output stops it once its pipes are full. */
export interface ExecProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  /** Empty where the command has a terminal. */
  readonly stderr: Readable;
  /** Resolves when the command has ended and all its output was read; 128 + signal for one that was killed. */
  readonly exitCode: Promise<number>;
  /** Does nothing without a terminal. */
  resize(size: TerminalSize): Promise<void>;
  /** Kills the command; does nothing when it has ended. */
  kill(): Promise<void>;
}

/**
 * Runs containers: Docker, containerd or a simulation of them. The methods are named after CRI's; `RuntimeOps` says what each
 * must do. All are idempotent and bounded in time. They reject only with StatusError: ServiceUnavailable when the engine
 * cannot be reached, Timeout when it does not answer, else a refusal whose reason `runtimeCause` returns.
 * Every adapter passes test/conformance/runtime.conformance.ts.
 */
export interface RuntimeAdapter {
  info(): Promise<RuntimeInfo>;
  /** Reads what the machine and its running containers use; cheap enough for every ten seconds. */
  stats(): Promise<RuntimeStats>;
  list(filter?: { readonly podUid?: string }): Promise<RuntimeLevel>;
  runPodSandbox(config: PodSandboxConfig): Promise<SandboxStatus>;
  stopPodSandbox(sandboxId: string): Promise<void>;
  removePodSandbox(sandboxId: string): Promise<void>;
  pullImage(image: string): Promise<ImageInfo>;
  /** `undefined` when the image is not on the node. */
  imageStatus(image: string): Promise<ImageInfo | undefined>;
  listImages(): Promise<readonly StoredImage[]>;
  removeImage(imageId: string): Promise<void>;
  /** @returns the container's id */
  createContainer(config: ResolvedContainerConfig): Promise<string>;
  startContainer(containerId: string): Promise<void>;
  stopContainer(containerId: string, graceMs: number): Promise<void>;
  removeContainer(containerId: string): Promise<void>;
  containerStatus(containerId: string): Promise<ContainerStatus>;
  /** Output so far, oldest first; `tailLines` counts from the end. */
  logs(containerId: string, window: LogWindow): Promise<LogLines>;
  /**
   * Calls `onLine` for each line later than `sinceTime` (or for all), then for new lines. Resolves when the container has
   * ended and all its lines were passed on, or when `signal` aborts.
   */
  followLogs(
    containerId: string,
    options: { readonly sinceTime?: string; readonly signal: AbortSignal },
    onLine: (line: LogLine) => void,
  ): Promise<void>;
  /** Starts a command in a running container. Not idempotent. */
  exec(containerId: string, config: ExecConfig): Promise<ExecProcess>;
  /**
   * Answers a probe of a port where no network leads to the containers. Absent: the driver connects to the pod's address.
   * @returns `failure` absent for a success
   */
  probe?(containerId: string, handler: ProbeHandler): Promise<{ readonly failure?: string }>;
  /** Connects to a TCP port that a process of the pod listens on, on the pod's loopback address too. */
  connect(sandboxId: string, port: number): Promise<Duplex>;
  /**
   * Calls `onChange` when the result of `list` may have changed. Hints may be missing or repeated. Without `podUid` anything
   * may have changed (the engine was restarted). @returns stops the hints
   */
  watch(onChange: (hint: { readonly podUid?: string }) => void): () => void;
  /** Closes the connection to the engine; containers keep running. */
  close(): Promise<void>;
}
