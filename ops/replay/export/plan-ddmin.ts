import type { Steps } from '../../../actors/kernel/replay-api.ts';

/**
 * Drops as many items as can be dropped while something still holds: large pieces first, then smaller ones, down to single
 * items. A form of delta debugging.
 * @param holds   tried with what would be left, in order; must hold for all items
 * @param goesOn  asked before every try; what has been reached by then is the result
 */
export function* ddmin<T>(
  items: readonly T[],
  holds: (left: readonly T[]) => Steps<boolean>,
  goesOn: () => boolean = () => true,
): Steps<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(items.length / 2); size >= 1 && left.length > 0; ) {
    let dropped = false;
    // From the end: what comes late depends on what came before, seldom the other way round.
    for (let end = left.length; end > 0; end -= size) {
      if (!goesOn()) return left;
      const without = [...left.slice(0, Math.max(0, end - size)), ...left.slice(end)];
      if (!(yield* holds(without))) continue;
      left = without;
      dropped = true;
    }
    if (size === 1 && !dropped) break;
    size = size === 1 ? 1 : Math.ceil(size / 2);
  }
  return left;
}
