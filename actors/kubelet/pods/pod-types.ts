import type { EventNote } from '../../../contracts/kinds/event/make-event.ts';
import type { Pod, PodStatus } from '../../../contracts/kinds/kinds.ts';
import type { DispatchedPod } from '../../../contracts/messages/node.ts';
import type { ContainerConfig, PodSandboxConfig } from '../../../contracts/runtime/config.ts';
import type { PodProbesConfig } from '../../../contracts/runtime/probes.ts';
import type { PodRef } from '../../../contracts/runtime/references.ts';
import type { RuntimeLevel } from '../../../contracts/runtime/status.ts';
import type { PodVolumesConfig } from '../../../contracts/runtime/volumes.ts';
import type { ReportNote } from '../../kernel/contract.ts';

/** The sandboxes and containers that the runtime has of one pod: as last listed, and as changed by requests since. */
export type PodLevel = RuntimeLevel;
export const NOTHING: PodLevel = { sandboxes: [], containers: [] };

/** A failure with its back-off. Times in milliseconds since the Unix epoch. */
export type Failure = {
  /** The image that failed; another image does not wait. */
  readonly image?: string;
  /** Versions of the Secrets with which the container failed; with other versions it is tried at once. */
  readonly secrets?: string;
  /** The volumes that could not be made; others are made at once. */
  readonly version?: string;
  readonly reason: string;
  readonly message: string;
  readonly failures: number;
  readonly at: number;
  readonly until: number;
};
/** What is remembered about one container of a pod. Stored in a cell. */
export type ContainerRecord = {
  /**
   * The image of the next attempt; `id` is absent while it must be pulled. Not valid once the pod names another image.
   * Records of older releases lack `name`.
   */
  readonly image?: {
    readonly attempt: number;
    readonly name?: string;
    readonly id?: string;
    readonly pulled?: boolean;
  };
  /** The last restart that was granted: its attempt, when, and how long the next restart must wait. */
  readonly restart?: { readonly attempt: number; readonly at: number; readonly delayMs: number };
  /** The newest attempt ever created. */
  readonly attempt?: number;
  /** The attempt that was stopped because its definition changed; the next one starts under any restart policy. */
  readonly replaced?: number;
  readonly failure?: Failure;
};
/** Why the kubelet ends a pod: it was evicted, or never admitted. */
export type PodFailure = {
  readonly reason: string;
  readonly message: string;
  /** Seconds that its containers have to stop; the pod's own when absent. */
  readonly graceSeconds?: number;
  /** Message of the Event, where it is another one. */
  readonly note?: string;
};
/** What is remembered about a pod. Stored in a cell. */
export type PodState = {
  /** When this node received the pod. */
  readonly startedAt: number;
  /** The pod's grace period, for when the pod itself is gone. */
  readonly graceSeconds: number;
  readonly containers: { readonly [name: string]: ContainerRecord };
  readonly sandbox: { readonly attempt: number; readonly failure?: Failure };
  readonly failed?: PodFailure;
  /** Absent unless the volumes could not be made. */
  readonly volumes?: { readonly failure: Failure };
  /** Failures of probes that were told as events, by container id and kind. */
  readonly unhealthy?: { readonly [probe: string]: string } | undefined;
  /** Failed pulls by image name. */
  readonly pulls: { readonly [image: string]: Failure };
};
export const newState = (now: number): PodState => ({
  startedAt: now,
  graceSeconds: 30,
  containers: {},
  sandbox: { attempt: -1 },
  pulls: {},
});

/** One request to the runtime. `name` is the container that it is for. */
export type PodVerb =
  | {
      readonly op: 'setUpVolumes';
      readonly body: PodVolumesConfig;
      /** The version that the volumes would have if all could be made. */
      readonly wanted: string;
    }
  | { readonly op: 'setProbes'; readonly body: PodProbesConfig }
  | { readonly op: 'tearDownVolumes'; readonly body: { readonly podUid: string; readonly keepFolder?: boolean } }
  | { readonly op: 'runPodSandbox'; readonly body: PodSandboxConfig }
  | { readonly op: 'stopPodSandbox'; readonly body: { readonly sandboxId: string } }
  | { readonly op: 'removePodSandbox'; readonly body: { readonly sandboxId: string } }
  | {
      readonly op: 'imageStatus';
      readonly body: { readonly image: string };
      readonly name: string;
      readonly attempt: number;
      /** The pull policy is Never: a missing image is a failure. */
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
      /** Versions of the pod's Secrets; the runtime driver fetches their values. */
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
  /** The container that the event is about. */
  readonly container?: string;
}

export interface NodeFacts {
  readonly name: string;
  readonly ip: string;
  /** Prefix of container ids: `docker`. */
  readonly runtime: string;
  /** What the node has to allocate. */
  readonly cpuMillis: number;
  readonly memoryBytes: number;
  readonly pods?: number;
  readonly ephemeralStorageBytes?: number;
}

export interface PodInput {
  readonly uid: string;
  /** Absent: the dispatcher's whole list lacks the pod, so that all of it must be removed. */
  readonly dispatched?: DispatchedPod;
  readonly level: PodLevel;
  readonly state: PodState;
  /** The status planned last; at first the stored one. */
  readonly status: PodStatus;
  /** Images known to be on the node: name -> id. */
  readonly images: ReadonlyMap<string, string>;
  readonly node: NodeFacts;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** Input for a pod that is in the store. */
export type PresentPod = PodInput & Required<Pick<PodInput, 'dispatched'>>;

export interface PodPlan {
  /** Requests to make now, all at once. Empty = converged, or waiting for `wakeAt` or for the runtime. */
  readonly verbs: readonly PodVerb[];
  readonly state: PodState;
  /** Absent for a pod that is gone. */
  readonly status?: PodStatus;
  readonly notes: readonly PodNote[];
  /** When to plan again even if nothing changes; milliseconds since the Unix epoch. */
  readonly wakeAt?: number;
  /** Its deletion was requested, and nothing of it runs: it may leave the store. */
  readonly deletable: boolean;
  /** Nothing is left of a pod that is gone: its state can be dropped. */
  readonly forget: boolean;
}

/** Names the pod in a report whose key is the pod's uid. */
export const reportNote = (pod: Pick<PodRef, 'namespace' | 'name'> | undefined): ReportNote =>
  pod === undefined ? {} : { about: `pod ${pod.namespace}/${pod.name}` };

export const uidOf = (pod: Pod): string => pod.metadata?.uid ?? '';
