import type { Filter } from './plugin.ts';

/** So many are named of what a node is short of: whoever asks for thousands of devices needs no list of them a node. */
export const MOST_SHORT = 10;

/** What the pod asks for must fit into what the node has left. What it doesn't ask for can't be short. */
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
    if (short.length >= MOST_SHORT) break;
    if (amount > 0 && (used.extended.get(name) ?? 0) + amount > (allocatable.extended.get(name) ?? 0))
      short.push(`Insufficient ${name}`);
  }
  return short.length === 0 ? undefined : short;
};
