import type { Hash } from '../../../actors/kernel/replay-api.ts';
import { pairSaid } from './plan-pairs.ts';

/** Most comparisons for one subject; beyond that, entries are paired by position. */
const COMPARED_MAX = 4_000_000;

interface Hashed {
  readonly hash: Hash;
}
/** At least one of the two is defined. */
interface Aligned<T> {
  readonly was: T | undefined;
  readonly is: T | undefined;
  readonly same: boolean;
}

/** Pairs what two runs said on one subject. An entry that only one of them has does not shift the others. */
export function alignSaid<T extends Hashed>(was: readonly T[], is: readonly T[]): readonly Aligned<T>[] {
  const least = Math.min(was.length, is.length);
  let start = 0;
  while (start < least && was[start]?.hash === is[start]?.hash) start++;
  let end = 0;
  while (end < least - start && was.at(-1 - end)?.hash === is.at(-1 - end)?.hash) end++;
  const left = was.slice(start, was.length - end);
  const right = is.slice(start, is.length - end);
  return [
    ...beside(was.slice(0, start), is.slice(0, start)),
    ...(left.length * right.length > COMPARED_MAX ? beside(left, right) : aligned(left, right)),
    ...beside(was.slice(was.length - end), is.slice(is.length - end)),
  ];
}

function aligned<T extends Hashed>(was: readonly T[], is: readonly T[]): readonly Aligned<T>[] {
  const onOne = (of: T) => ({ say: '', subject: '', hash: of.hash, of });
  return pairSaid(was.map(onOne), is.map(onOne)).map(({ was: left, is: right, same }) => ({
    was: left?.of,
    is: right?.of,
    same,
  }));
}

const beside = <T extends Hashed>(was: readonly T[], is: readonly T[]): readonly Aligned<T>[] =>
  Array.from({ length: Math.max(was.length, is.length) }, (_, at) => ({
    was: was[at],
    is: is[at],
    same: was[at]?.hash === is[at]?.hash,
  }));
