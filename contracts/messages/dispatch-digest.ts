import type { DispatchedPod } from './node.ts';

/** cyrb53: 53 bits are enough to notice a difference; nobody gains by forging one. */
function cyrb53(text: string, seed: number): number {
  let h1 = 0xdeadbeef ^ seed;
  let h2 = 0x41c6ce57 ^ seed;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    h1 = Math.imul(h1 ^ code, 2654435761);
    h2 = Math.imul(h2 ^ code, 1597334677);
  }
  h1 = Math.imul(h1 ^ (h1 >>> 16), 2246822507) ^ Math.imul(h2 ^ (h2 >>> 13), 3266489909);
  h2 = Math.imul(h2 ^ (h2 >>> 16), 2246822507) ^ Math.imul(h1 ^ (h1 >>> 13), 3266489909);
  return 4294967296 * (2097151 & h2) + (h1 >>> 0);
}

const versionsOf = ({ pod, configMaps = {}, secrets = {} }: DispatchedPod): string => {
  const maps = Object.entries(configMaps).map(([name, map]) => `c:${name}@${map.resourceVersion}`);
  const hidden = Object.entries(secrets).map(([name, version]) => `s:${name}@${version}`);
  const refs = [...maps, ...hidden].sort().join(',');
  return `${pod.metadata?.uid ?? ''}@${pod.metadata?.resourceVersion ?? ''}[${refs}]`;
};

/**
 * What a node's pods are, in one short word: equal exactly when uids, resourceVersions and the versions of everything
 * referred to are equal. The order of `pods` does not matter.
 */
export const dispatchDigest = (pods: readonly DispatchedPod[]): string =>
  cyrb53(pods.map(versionsOf).sort().join('\n'), pods.length).toString(36);
