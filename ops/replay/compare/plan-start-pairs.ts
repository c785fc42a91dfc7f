import { nameOf, type Playable } from '../read/playable.ts';

type Start = Pick<Playable, 'incarnation'>;

export interface StartPairs<S> {
  /** For each of ours, its counterpart. */
  readonly peers: ReadonlyMap<S, S>;
  /** Starts of theirs without a counterpart, of actors that are compared. */
  readonly left: readonly S[];
}

/**
 * Pairs the starts of two recordings. Starts that are in both (as in two exports of one cluster) are paired; else, for each
 * instance, the last of one with the last of the other, then those before them. An instance that the other recording does not
 * have is paired with the first instance of its actor. Pure.
 * @param ours   sorted by start
 * @param theirs sorted by start
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

/** Starts of the same instance, else of another instance of the actor. */
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
