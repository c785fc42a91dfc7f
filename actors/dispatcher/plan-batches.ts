import type { DispatchedPod } from '../../contracts/messages/node.ts';

export interface BatchLimits {
  readonly pods: number;
  /** Of JSON, roughly: UTF-16 units. */
  readonly bytes: number;
}

const sizes = new WeakMap<object, number>();
/** Remembered by identity: many pods share the data of one ConfigMap, which never changes in place. */
function sizeOf(value: object | undefined): number {
  if (value === undefined) return 0;
  const known = sizes.get(value);
  if (known !== undefined) return known;
  const size = JSON.stringify(value).length;
  sizes.set(value, size);
  return size;
}

const dispatchedSize = ({ pod, configMaps }: DispatchedPod): number =>
  Object.values(configMaps ?? {}).reduce(
    (sum, { data, binaryData }) => sum + sizeOf(data) + sizeOf(binaryData),
    sizeOf(pod),
  );

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
