import type { Filter } from './plugin.ts';

/** At most this many reasons per node: a pod that requests thousands of devices needs no list of all of them. */
export const REASONS_MAX = 10;

/** What the pod requests must fit into what is left on the node. A resource that it does not request is not checked. */
export const filterResources: Filter = ({ load }, { allocatable }, used) => {
  const fits =
    used.pods < allocatable.pods &&
    (load.cpuMillis === 0 || used.cpuMillis + load.cpuMillis <= allocatable.cpuMillis) &&
    (load.memoryBytes === 0 || used.memoryBytes + load.memoryBytes <= allocatable.memoryBytes);
  if (fits && load.extended.size === 0) return undefined;
  const short: string[] = [];
  if (used.pods >= allocatable.pods) short.push('Too many pods');
  if (load.cpuMillis > 0 && used.cpuMillis + load.cpuMillis > allocatable.cpuMillis) short.push('Insufficient cpu');
  if (load.memoryBytes > 0 && used.memoryBytes + load.memoryBytes > allocatable.memoryBytes)
    short.push('Insufficient memory');
  for (const [name, amount] of load.extended) {
    if (short.length >= REASONS_MAX) break;
    if (amount > 0 && (used.extended.get(name) ?? 0) + amount > (allocatable.extended.get(name) ?? 0))
      short.push(`Insufficient ${name}`);
  }
  return short.length === 0 ? undefined : short;
};
