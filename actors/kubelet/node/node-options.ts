import type { EvictionOptions } from '../../../contracts/eviction/thresholds.ts';
import type { ImageCollectionOptions } from '../pressure/plan-image-collection.ts';

/** What the worker process configures of its node; the kubelet asks the runtime for the rest. */
export interface NodeOptions {
  readonly node: string;
  /** The node's address; its pods see it as `status.hostIP`. */
  readonly ip: string;
  /** Kubernetes quantities. Defaults: what the machine has, and 110 pods. */
  readonly capacity?: {
    readonly cpu?: string;
    readonly memory?: string;
    readonly pods?: string;
    readonly 'ephemeral-storage'?: string;
  };
  /** What the machine keeps for itself, by resource; the pods get the rest. */
  readonly kubeReserved?: Readonly<Record<string, string>>;
  readonly systemReserved?: Readonly<Record<string, string>>;
  /** Absent: no pod is evicted, and the node has no pressure. */
  readonly eviction?: EvictionOptions;
  /** Absent: no image is removed. */
  readonly imageCollection?: ImageCollectionOptions;
  readonly labels?: Readonly<Record<string, string>>;
  readonly version: string;
  /** `status.nodeInfo.bootID`, which tells apart two machines of the same node name. Absent = not known. */
  readonly bootId?: string;
}
