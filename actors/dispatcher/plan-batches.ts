import type { DispatchedPod } from '../../contracts/messages/node.ts';
import { dataBytes, jsonBytes } from './data-bytes.ts';

export interface BatchLimits {
  readonly pods: number;
  /** Of JSON, roughly. */
  readonly bytes: number;
}

const dispatchedSize = ({ pod, configMaps }: DispatchedPod): number =>
  Object.values(configMaps ?? {}).reduce((sum, map) => sum + dataBytes(map), jsonBytes(pod));

/**
 * Pods in their order, in as few messages as the limits allow; at least one message, and at least one pod in each. Pure.
 * What is larger than `bytes` by itself goes alone.
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
