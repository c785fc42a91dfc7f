import type { Pod } from '../kinds/kinds.ts';

/** Published by a kubelet every second. */
export interface NodeHeartbeat {
  readonly node: string;
  /** Milliseconds since the Unix epoch, by the node's clock. */
  readonly sentAt: number;
  /** False while the container runtime does not answer. */
  readonly runtimeReady: boolean;
  /** Why the runtime is not ready, in one line of at most 512 characters. Kubelets of earlier releases omit it. */
  readonly message?: string;
  readonly pods: number;
}

/** Longest `message` of a heartbeat, in UTF-16 units. */
export const HEARTBEAT_MESSAGE_MAX = 512;

/** A pod with the objects that it refers to, so that a kubelet needs no access to the store. Of Secrets only the versions. */
export interface DispatchedPod {
  readonly pod: Pod;
  /** `namespace/name` -> content, of the existing ConfigMaps that the pod refers to. */
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
  /** `namespace/name` of the ConfigMaps that the pod refers to and that exist, but do not fit into one message. */
  readonly leftOut?: readonly string[];
  /** `namespace/name` -> resourceVersion, of the existing Secrets that the pod refers to. */
  readonly secrets?: Readonly<Record<string, string>>;
}

/**
 * Delay, in milliseconds, of a change that concerns a pod's status only: a kubelet writes it several times in quick
 * succession, and the writes are sent together.
 */
export const STATUS_NEWS_MS = 250;

/** Changes of a node's pods. */
export interface NodePods {
  /** Epoch of the sending dispatcher. A kubelet ignores an older epoch, unless that one started later (`begunAt`). */
  readonly epoch: number;
  /**
   * Start time of the sending dispatcher, milliseconds since the Unix epoch. If an older epoch, or the same one, started
   * later, then the store went back in time, by a restored backup for example.
   */
  readonly begunAt?: number;
  /** Rises by one with each message of an epoch. After a gap, the kubelet must request the whole list. */
  readonly counter: number;
  readonly changed: readonly DispatchedPod[];
  /** Pods that were removed from the store. */
  readonly removed: readonly { readonly uid: string; readonly namespace: string; readonly name: string }[];
}

export interface DispatchQuery {
  readonly node: string;
  /** Digest of the pods that the kubelet has; if it matches, the answer contains no pods. */
  readonly digest?: string;
}
export interface DispatchAnswer {
  readonly epoch: number;
  /** As in `NodePods`. */
  readonly begunAt?: number;
  readonly counter: number;
  readonly digest: string;
  /** Absent when the digest in the request matched. */
  readonly pods?: readonly DispatchedPod[];
  /** Uids of all the node's pods, if they do not fit into one message: those not in `pods` were sent just before. */
  readonly listed?: readonly string[];
}

/** A node as the network of another one needs it. */
export interface NodeAddress {
  readonly name: string;
  /** Its `InternalIP` addresses. */
  readonly addresses: readonly string[];
  readonly podCIDRs: readonly string[];
  readonly ready: boolean;
}

/** All nodes, in the order of names. */
export interface NodeAddresses {
  readonly nodes: readonly NodeAddress[];
}
