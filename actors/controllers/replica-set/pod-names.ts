import { safeHash } from '../../../contracts/hash/stable-hash.ts';

/** Kubernetes cuts the base of a generated name here, dash included, so that the whole stays a DNS label. */
const BASE_MAX = 58;
/** More attempts than a set can have pods in its way; a limit on every loop. */
const ATTEMPTS_MAX = 1000;

/**
 * Names for new pods of a set, in Kubernetes' shape (`web-7d4b9c6f5-x8k2p`). Each is a hash of (owner uid, slot,
 * attempt), and they are tried in one fixed order: whoever plans for the same set from an older view comes to the same
 * names, so that twins collide (AlreadyExists) instead of multiplying.
 * @param slots how many replicas the set wants
 * @param taken is the name in use, by whomever and in whatever state?
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
