import type { DispatchedPod } from '../../contracts/messages/node.ts';
import { dataBytes, jsonBytes } from './payload-size.ts';

export interface BatchLimits {
  readonly pods: number;
  /** Approximate size as JSON. */
  readonly bytes: number;
}

const dispatchedSize = ({ pod, configMaps }: DispatchedPod): number =>
  Object.values(configMaps ?? {}).reduce((sum, map) => sum + dataBytes(map), jsonBytes(pod));

/**
 * Splits pods, in their order, into messages within the limits. A pod larger than `bytes` is a message of its own; without
 * pods there is one empty message. Pure.
 */
export function planBatches(pods: readonly DispatchedPod[], most: BatchLimits): readonly (readonly DispatchedPod[])[] {
  if (pods.length <= 1) return [pods];
  const batches: DispatchedPod[][] = [[]];
  let bytes = 0;
  for (const pod of pods) {
    const size = dispatchedSize(pod);
    const last = batches.at(-1) as DispatchedPod[];
    const full = last.length >= most.pods || bytes + size > most.bytes;
    if (full && last.length > 0) {
      batches.push([pod]);
      bytes = size;
    } else {
      last.push(pod);
      bytes += size;
    }
  }
  return batches;
}
