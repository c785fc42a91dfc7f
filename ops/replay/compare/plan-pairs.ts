import type { Hash } from '../../../actors/kernel/replay-api.ts';

/** What identifies something said. */
export interface Utterance {
  readonly say: string;
  readonly subject: string;
  readonly hash: Hash;
}

/** Something said then and its counterpart now. */
export type Pair<T extends Utterance, N extends Utterance> =
  | { readonly was: T; readonly is: N; readonly same: boolean }
  | { readonly was: T; readonly is?: undefined; readonly same: false }
  | { readonly was?: undefined; readonly is: N; readonly same: false };

/**
 * Pairs what two versions say in a turn: first what is identical, then what has the same subject, then what has the same
 * entry of `says`. Keeps the order of each side.
 */
export function pairSaid<T extends Utterance, N extends Utterance>(
  was: readonly T[],
  is: readonly N[],
  sameHash: (was: T, is: N) => boolean = (a, b) => a.hash === b.hash,
): readonly Pair<T, N>[] {
  const pairs: Pair<T, N>[] = [];
  pairBy(pairs, 0, was, is, [
    sameHash,
    (a, b) => a.say === b.say && a.subject === b.subject,
    (a, b) => a.say === b.say,
  ]);
  return pairs;
}

/** @param pairs the result is added here; there may be too many for the arguments of one `push` */
function pairBy<T extends Utterance, N extends Utterance>(
  pairs: Pair<T, N>[],
  round: number,
  was: readonly T[],
  is: readonly N[],
  rules: readonly ((was: T, is: N) => boolean)[],
): void {
  const rule = rules[round];
  if (rule === undefined || was.length === 0 || is.length === 0) {
    for (const one of was) pairs.push({ was: one, same: false });
    for (const one of is) pairs.push({ is: one, same: false });
    return;
  }
  let left = 0;
  let right = 0;
  for (const [a, b] of longestCommon(was, is, rule)) {
    pairBy(pairs, round + 1, was.slice(left, a), is.slice(right, b), rules);
    pairs.push({ was: was[a] as T, is: is[b] as N, same: round === 0 });
    left = a + 1;
    right = b + 1;
  }
  pairBy(pairs, round + 1, was.slice(left), is.slice(right), rules);
}

/** Indexes of a longest common subsequence. */
function longestCommon<T, N>(
  left: readonly T[],
  right: readonly N[],
  same: (a: T, b: N) => boolean,
): readonly (readonly [number, number])[] {
  const width = right.length + 1;
  const length = new Uint32Array((left.length + 1) * width);
  for (let a = left.length - 1; a >= 0; a--) {
    for (let b = right.length - 1; b >= 0; b--) {
      length[a * width + b] = same(left[a] as T, right[b] as N)
        ? (length[(a + 1) * width + b + 1] ?? 0) + 1
        : Math.max(length[(a + 1) * width + b] ?? 0, length[a * width + b + 1] ?? 0);
    }
  }
  const found: (readonly [number, number])[] = [];
  for (let a = 0, b = 0; a < left.length && b < right.length; ) {
    if (same(left[a] as T, right[b] as N)) found.push([a++, b++]);
    else if ((length[(a + 1) * width + b] ?? 0) >= (length[a * width + b + 1] ?? 0)) a++;
    else b++;
  }
  return found;
}
