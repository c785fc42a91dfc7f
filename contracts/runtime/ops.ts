import type { LogLines, LogQuery } from '../messages/logs.ts';
import type { Family } from '../subjects/family.ts';
import { SUBJECTS } from '../subjects/subjects.ts';
import type { ContainerConfig, PodSandboxConfig } from './config.ts';
import type { ContainerStatus, ImageInfo, RuntimeInfo, RuntimeLevel, SandboxStatus } from './status.ts';

type Nothing = Record<string, never>;

/** The longest that a container may be given to stop: 24 days, which is as long as a timer can be. */
export const GRACE_MS_MAX = 2 ** 31 - 1;

/**
 * What may be asked on `runtime.<node>.<op>`: CRI's operations. Every verb is idempotent: who crashed between question and
 * answer just asks again. Refusals are `Status`; `runtimeCause` (errors.ts) tells which of Kubernetes' waiting reasons it is.
 */
export interface RuntimeOps {
  /** Is the engine there? Refused with ServiceUnavailable when not. */
  info: [Nothing, RuntimeInfo];
  /** The level: every sandbox and container of this node, in any state; or those of one pod. */
  list: [{ readonly podUid?: string }, RuntimeLevel];
  /** Creates and starts; answers once it has its address. */
  runPodSandbox: [PodSandboxConfig, SandboxStatus];
  /** Stops it, and whatever still runs in it, at once. Absent: nothing to do. */
  stopPodSandbox: [{ readonly sandboxId: string }, Nothing];
  /** Removes it with its containers, running or not. Absent: nothing to do. */
  removePodSandbox: [{ readonly sandboxId: string }, Nothing];
  /** Asks the registry. NotFound, Unauthorized …: cause ErrImagePull with the registry's words. */
  pullImage: [{ readonly image: string }, ImageInfo];
  /** Looks on the node alone; `image` is absent when it is not there. */
  imageStatus: [{ readonly image: string }, { readonly image?: ImageInfo }];
  /** Does not start it. Invalid: the engine or a secret refuses the config (CreateContainerConfigError, CreateContainerError). */
  createContainer: [ContainerConfig, { readonly containerId: string }];
  /** A container starts once in its life: started before, even if ended since = nothing to do. Invalid: RunContainerError. */
  startContainer: [{ readonly containerId: string }, Nothing];
  /** SIGTERM (or the image's stop signal), after `graceMs` SIGKILL; answers when it has ended. Absent: nothing to do. */
  stopContainer: [{ readonly containerId: string; readonly graceMs: number }, Nothing];
  /** Kills it when it runs. Absent: nothing to do. */
  removeContainer: [{ readonly containerId: string }, Nothing];
  /** NotFound when there is none. */
  containerStatus: [{ readonly containerId: string }, ContainerStatus];
  /**
   * Output so far; with `follow` it also goes on `logs.<namespace>.<pod>.<container>` for 30 s after the last such question.
   * The newest attempt; `previous`: the one before it. NotFound when there is none.
   */
  logs: [LogQuery, LogLines];
}
export type RuntimeOp = keyof RuntimeOps;

export const RUNTIME_OPS = [
  'info',
  'list',
  'runPodSandbox',
  'stopPodSandbox',
  'removePodSandbox',
  'pullImage',
  'imageStatus',
  'createContainer',
  'startContainer',
  'stopContainer',
  'removeContainer',
  'containerStatus',
  'logs',
] as const satisfies readonly RuntimeOp[];

/** `SUBJECTS.runtime` with the types of one op: `request(runtimeOp('list'), { node, op: 'list' })`. */
export const runtimeOp = <K extends RuntimeOp>(
  _op: K,
): Family<'runtime.<node>.<op>', RuntimeOps[K][0], RuntimeOps[K][1]> =>
  SUBJECTS.runtime as Family<'runtime.<node>.<op>', RuntimeOps[K][0], RuntimeOps[K][1]>;
