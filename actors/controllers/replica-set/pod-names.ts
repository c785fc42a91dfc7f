import { safeHash } from '../../../contracts/hash/stable-hash.ts';

/** Kubernetes truncates the base of a generated name, dash included, to this length, so that the whole is a DNS label. */
const BASE_MAX = 58;
/** Bounds the loop; far more attempts than there can be pods with colliding names. */
const ATTEMPTS_MAX = 1000;

/**
 * Names for new pods of a set, in Kubernetes' shape (`web-7d4b9c6f5-x8k2p`). Each is a hash of (owner uid, slot,
 * attempt), and they are tried in a fixed order: a controller that plans for the same set from an older view
 * computes the same names, so that twins collide (AlreadyExists) instead of multiplying.
 * @param slots how many replicas the set wants
 * @param taken whether any pod of the namespace has this name, in any state
 */
export function podNames(
  setName: string,
  uid: string,
  slots: number,
  count: number,
  taken: (name: string) => boolean,
): readonly string[] {
  const base = `${setName}-`.slice(0, BASE_MAX);
  const names: string[] = [];
  const seen = new Set<string>();
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    for (let slot = 0; slot < slots; slot++) {
      if (names.length >= count) return names;
      const name = `${base}${safeHash(`${uid}/${slot}/${attempt}`, 5)}`;
      if (taken(name) || seen.has(name)) continue;
      seen.add(name);
      names.push(name);
    }
  }
  return names;
}
