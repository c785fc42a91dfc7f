import type { Pod } from '../kinds/kinds.ts';

/** Published by a kubelet every second. */
export interface NodeHeartbeat {
  readonly node: string;
  /** Milliseconds since the Unix epoch by the node's clock. */
  readonly sentAt: number;
  /** False while the runtime does not answer. */
  readonly runtimeReady: boolean;
  /** Why it does not, in one line of at most 512 characters. Kubelets of earlier builds do not say. */
  readonly message?: string;
  readonly pods: number;
}

/** Longest `message` of a heartbeat, in UTF-16 units. */
export const HEARTBEAT_MESSAGE_MAX = 512;

/** A pod with what it refers to, so that a kubelet needs no store. Secrets by version alone. */
export interface DispatchedPod {
  readonly pod: Pod;
  /** `namespace/name` -> data, of the ConfigMaps that the pod refers to and that exist. */
  readonly configMaps?: Readonly<
    Record<
      string,
      {
        readonly data?: Record<string, string>;
        readonly binaryData?: Record<string, string>;
        readonly resourceVersion: string;
      }
    >
  >;
  /** `namespace/name` of the ConfigMaps that the pod refers to and that exist, but are too much for one message. */
  readonly leftOut?: readonly string[];
  /** `namespace/name` -> resourceVersion, of the Secrets that the pod refers to and that exist. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/** News of a pod's status alone wait for company this long, in milliseconds: its kubelet writes it several times in a moment. */
export const STATUS_NEWS_MS = 250;

/** What changed among a node's pods. */
export interface NodePods {
  /** Epoch of the dispatcher that speaks; a kubelet ignores an older one, unless it began later (`begunAt`). */
  readonly epoch: number;
  /**
   * When the dispatcher that speaks began, milliseconds since the Unix epoch. An older epoch that began later, or the same,
   * is one of a store that went back in time, such as a restored backup.
   */
  readonly begunAt?: number;
  /** Rises by one a message within an epoch; a gap means: ask for the whole list. */
  readonly counter: number;
  readonly changed: readonly DispatchedPod[];
  /** Pods that are gone from the store. */
  readonly removed: readonly { readonly uid: string; readonly namespace: string; readonly name: string }[];
}

export interface DispatchQuery {
  readonly node: string;
  /** Digest of what the kubelet holds: when it is right, the answer says so and carries no pods. */
  readonly digest?: string;
}
export interface DispatchAnswer {
  readonly epoch: number;
  /** As in `NodePods`. */
  readonly begunAt?: number;
  readonly counter: number;
  readonly digest: string;
  /** Absent when the digest of the question was right. */
  readonly pods?: readonly DispatchedPod[];
  /** Uids of all the node's pods, where they are too much for one message: those not in `pods` were told just before. */
  readonly listed?: readonly string[];
}
