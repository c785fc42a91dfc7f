import type { LogLines, LogQuery } from '../messages/logs.ts';
import type { Family } from '../subjects/family.ts';
import { SUBJECTS } from '../subjects/subjects.ts';
import type { ContainerConfig, PodSandboxConfig } from './config.ts';
import type { PodProbesConfig } from './probes.ts';
import type { ContainerStatus, ImageInfo, RuntimeInfo, RuntimeLevel, SandboxStatus, StoredImage } from './status.ts';
import type { NodeStats } from './stats.ts';
import type { PodFolder, PodVolumesConfig } from './volumes.ts';

type Nothing = Record<string, never>;

/** Longest grace period of a container: 24 days, the longest delay of a timer. */
export const GRACE_MS_MAX = 2 ** 31 - 1;

/**
 * The operations of `runtime.<node>.<op>`, named after CRI's, as [request, answer]. All are idempotent: a caller that crashed
 * before the answer just repeats the request. Refusals are `Status`; `runtimeCause` (errors.ts) gives Kubernetes' waiting
 * reason.
 */
export interface RuntimeOps {
  /** Describes the engine and its machine. ServiceUnavailable when the engine cannot be reached. */
  info: [Nothing, RuntimeInfo];
  /** What the machine, its running containers and the pods' volumes use. */
  stats: [Nothing, NodeStats];
  /** Every sandbox and container of this node, in any state; or those of one pod. */
  list: [{ readonly podUid?: string }, RuntimeLevel];
  /**
   * Makes a pod's volumes, or makes them as they are now. Invalid: a volume cannot be made (cause FailedMount).
   */
  setUpVolumes: [PodVolumesConfig, PodFolder];
  /** Unmounts and removes the volumes of a pod, and its folder unless `keepFolder`. Only once no container uses them. */
  tearDownVolumes: [{ readonly podUid: string; readonly keepFolder?: boolean }, Nothing];
  /** Replaces the probes of a pod; an empty list ends them. Outcomes are in `list`; a hint says when one changed. */
  setProbes: [PodProbesConfig, Nothing];
  /** Creates and starts a sandbox; answers once it has its address. */
  runPodSandbox: [PodSandboxConfig, SandboxStatus];
  /** Stops a sandbox at once, with all containers that still run in it. No effect if it does not exist. */
  stopPodSandbox: [{ readonly sandboxId: string }, Nothing];
  /** Removes a sandbox with its containers, running or not. No effect if it does not exist. */
  removePodSandbox: [{ readonly sandboxId: string }, Nothing];
  /** Pulls from the registry. NotFound, Unauthorized …: cause ErrImagePull, with the registry's words. */
  pullImage: [{ readonly image: string }, ImageInfo];
  /** Looks for the image on the node only; `image` is absent when it is not there. */
  imageStatus: [{ readonly image: string }, { readonly image?: ImageInfo }];
  /** Every image that the engine has. */
  listImages: [Nothing, { readonly images: readonly StoredImage[] }];
  /** Removes an image with all its names. No effect if it does not exist. Conflict: a container uses it. */
  removeImage: [{ readonly imageId: string }, Nothing];
  /**
   * Creates a container without starting it. Invalid: the config is refused by the engine (cause CreateContainerError), or a
   * secret or a mount's path is missing (CreateContainerConfigError). `folder`: the pod has a folder on the node.
   */
  createContainer: [ContainerConfig, { readonly containerId: string; readonly folder?: PodFolder }];
  /** No effect on a container that was started before, even if it has ended since. Invalid: cause RunContainerError. */
  startContainer: [{ readonly containerId: string }, Nothing];
  /**
   * Sends SIGTERM (or the image's stop signal), and SIGKILL after `graceMs`. Answers when the container has ended. No effect
   * if it does not exist.
   */
  stopContainer: [{ readonly containerId: string; readonly graceMs: number }, Nothing];
  /** Removes a container; kills it if it runs. No effect if it does not exist. */
  removeContainer: [{ readonly containerId: string }, Nothing];
  /** NotFound when the container does not exist. */
  containerStatus: [{ readonly containerId: string }, ContainerStatus];
  /**
   * Output of the newest attempt, or of the one before it (`previous`). With `follow`, new lines are also published on
   * `logs.<namespace>.<pod>.<container>` until 30 s after the last such request. NotFound when there is no such attempt.
   */
  logs: [LogQuery, LogLines];
}
export type RuntimeOp = keyof RuntimeOps;

export const RUNTIME_OPS = [
  'info',
  'stats',
  'list',
  'setUpVolumes',
  'setProbes',
  'tearDownVolumes',
  'runPodSandbox',
  'stopPodSandbox',
  'removePodSandbox',
  'pullImage',
  'imageStatus',
  'listImages',
  'removeImage',
  'createContainer',
  'startContainer',
  'stopContainer',
  'removeContainer',
  'containerStatus',
  'logs',
] as const satisfies readonly RuntimeOp[];

/** `SUBJECTS.runtime` with the types of one operation: `request(runtimeOp('list'), { node, op: 'list' })`. */
export const runtimeOp = <K extends RuntimeOp>(
  _op: K,
): Family<'runtime.<node>.<op>', RuntimeOps[K][0], RuntimeOps[K][1]> =>
  SUBJECTS.runtime as Family<'runtime.<node>.<op>', RuntimeOps[K][0], RuntimeOps[K][1]>;
