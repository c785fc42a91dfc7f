import type { DispatchedPod } from './node.ts';

/** cyrb53: a 53-bit hash is enough to detect a difference, and a forged digest gains nothing. */
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
 * A short hash of a node's pods. Equal when the pods' uids and resourceVersions and the versions of their ConfigMaps and
 * Secrets are equal. The order of `pods` does not matter.
 */
export const dispatchDigest = (pods: readonly DispatchedPod[]): string =>
  cyrb53(pods.map(versionsOf).sort().join('\n'), pods.length).toString(36);
