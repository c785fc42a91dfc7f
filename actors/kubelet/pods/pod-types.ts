import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../../contracts/runtime/config.ts';
import type { RuntimeLevel } from '../../../contracts/runtime/status.ts';

/** What the runtime has of one pod, as last listed and as changed by what was asked since. */
export type PodLevel = RuntimeLevel;
export const NOTHING: PodLevel = { sandboxes: [], containers: [] };

/** A refusal that is waited out. Times in milliseconds. */
export type Failure = {
  /** The image that was to be run: another one is not held up by it. */
  readonly image?: string;
  /** Versions of the Secrets that the container was refused for: it is tried again as soon as they are others. */
  readonly secrets?: string;
  readonly reason: string;
  readonly message: string;
  readonly failures: number;
  readonly at: number;
  readonly until: number;
};
/** What is remembered about one container of a pod. */
export type ContainerBook = {
  /**
   * The image of the attempt that comes next: pulled for it; `id` is absent while it must be pulled. Another image that
   * the pod names meanwhile is looked for by itself. Books of older releases lack `name`.
   */
  readonly image?: {
    readonly attempt: number;
    readonly name?: string;
    readonly id?: string;
    readonly pulled?: boolean;
  };
  /** The last restart that was granted: for which attempt, when, and how long the next one must wait. */
  readonly restart?: { readonly attempt: number; readonly at: number; readonly delayMs: number };
  /** The newest attempt that was ever created. */
  readonly attempt?: number;
  /** The attempt that was stopped because its definition changed: followed by the next one whatever the restart policy. */
  readonly replaced?: number;
  readonly failure?: Failure;
};
/** What is remembered about a pod; a cell, so that it outlives a turn. */
export type PodState = {
  /** When this node first heard of the pod. */
  readonly startedAt: number;
  /** Seconds that its containers have to stop; for the time when the pod itself is gone. */
  readonly graceSeconds: number;
  readonly containers: { readonly [name: string]: ContainerBook };
  readonly sandbox: { readonly attempt: number; readonly failure?: Failure };
  /** Failed pulls by image. */
  readonly pulls: { readonly [image: string]: Failure };
};
export const newState = (now: number): PodState => ({
  startedAt: now,
  graceSeconds: 30,
  containers: {},
  sandbox: { attempt: -1 },
  pulls: {},
});

/** One question to the runtime. `name` is the container that it is about. */
export type PodVerb =
  | { readonly op: 'runPodSandbox'; readonly body: PodSandboxConfig }
  | { readonly op: 'stopPodSandbox'; readonly body: { readonly sandboxId: string } }
  | { readonly op: 'removePodSandbox'; readonly body: { readonly sandboxId: string } }
  | {
      readonly op: 'imageStatus';
      readonly body: { readonly image: string };
      readonly name: string;
      readonly attempt: number;
      /** It must not be pulled: absent is a refusal. */
      readonly never?: boolean;
    }
  | {
      readonly op: 'pullImage';
      readonly body: { readonly image: string };
      readonly name: string;
      readonly attempt: number;
    }
  | {
      readonly op: 'createContainer';
      readonly body: ContainerConfig;
      readonly present: boolean;
      /** Versions of the pod's Secrets, whose values the runtime driver fetches. */
      readonly secrets: string;
    }
  | { readonly op: 'startContainer'; readonly body: { readonly containerId: string }; readonly name: string }
  | {
      readonly op: 'stopContainer';
      readonly body: { readonly containerId: string; readonly graceMs: number };
      readonly name: string;
      readonly why: string;
    }
  | { readonly op: 'removeContainer'; readonly body: { readonly containerId: string } };

export interface PodNote extends EventNote {
  /** The container that it is about. */
  readonly container?: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly ip: string;
  /** Prefix of container ids: `docker`. */
  readonly runtime: string;
  readonly cpuMillis: number;
  readonly memoryBytes: number;
}

export interface PodInput {
  readonly uid: string;
  /** Absent: the dispatcher's whole list does not have it, so that whatever runs of it must go. */
  readonly dispatched?: DispatchedPod;
  readonly level: PodLevel;
  readonly state: PodState;
  /** The status planned last; at first the one that the store has. */
  readonly status: PodStatus;
  /** Images known to be on the node: name -> id. */
  readonly images: ReadonlyMap<string, string>;
  readonly node: NodeFacts;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Of a pod that the store has. */
export type PresentPod = PodInput & Required<Pick<PodInput, 'dispatched'>>;

export interface PodPlan {
  /** What to ask next; several may be asked at once. Empty = converged, or waiting for `wakeAt` or for the runtime. */
  readonly verbs: readonly PodVerb[];
  readonly state: PodState;
  /** Absent when the pod is gone. */
  readonly status?: PodStatus;
  readonly notes: readonly PodNote[];
  /** Plan again then, even if nothing changes. */
  readonly wakeAt?: number;
  /** Deleted by its owner, and nothing of it runs any more: it may leave the store. */
  readonly deletable: boolean;
  /** Nothing is left of a pod that is gone: forget it. */
  readonly forget: boolean;
}

export const uidOf = (pod: Pod): string => pod.metadata?.uid ?? '';
