import { nameOf, type Playable } from '../read/playable.ts';

type Start = Pick<Playable, 'incarnation'>;

export interface StartPairs<S> {
  /** Of each of ours whom it is compared with. */
  readonly peers: ReadonlyMap<S, S>;
  /** Starts of theirs with which nothing is compared, though others of the same actor are. */
  readonly left: readonly S[];
}

/**
 * Which starts of two recordings are compared: the same ones, where both hold some of them, as two exports of one cluster
 * do; else, of each instance, the last of one with the last of the other, those before them with each other, and so on. An
 * instance that the other does not know is compared with the first of its actor. Pure.
 * @param ours   in the order in which they began
 * @param theirs in that order too
 */
export function pairStarts<S extends Start>(ours: readonly S[], theirs: readonly S[]): StartPairs<S> {
  const peers = new Map<S, S>();
  const compared = new Set<string>();
  for (const [name, starts] of byName(ours)) {
    const group = peersOf(starts, theirs);
    for (const { incarnation } of group) compared.add(nameOf({ incarnation }));
    for (const [one, other] of pairsOf(name, starts, group)) peers.set(one, other);
  }
  const taken = new Set(peers.values());
  return { peers, left: theirs.filter((one) => compared.has(nameOf(one)) && !taken.has(one)) };
}

function byName<S extends Start>(starts: readonly S[]): ReadonlyMap<string, readonly S[]> {
  const named = new Map<string, S[]>();
  for (const one of starts) named.set(nameOf(one), [...(named.get(nameOf(one)) ?? []), one]);
  return named;
}

/** Starts of the same instance, else of another of its actor. */
function peersOf<S extends Start>([first]: readonly S[], theirs: readonly S[]): readonly S[] {
  const name = first === undefined ? '' : nameOf(first);
  const named = byName(theirs.filter(({ incarnation: { self } }) => self.actor === first?.incarnation.self.actor));
  return named.get(name) ?? [...named.values()][0] ?? [];
}

function pairsOf<S extends Start>(
  name: string,
  ours: readonly S[],
  theirs: readonly S[],
): readonly (readonly [S, S])[] {
  const same = ours.flatMap((one) => {
    const it = theirs.find(
      (other) => nameOf(other) === name && other.incarnation.incarnation === one.incarnation.incarnation,
    );
    return it === undefined ? [] : [[one, it] as const];
  });
  if (same.length > 0) return same;
  const count = Math.min(ours.length, theirs.length);
  const last = ours.slice(ours.length - count);
  return last.map((one, at) => [one, theirs[theirs.length - count + at] as S] as const);
}
