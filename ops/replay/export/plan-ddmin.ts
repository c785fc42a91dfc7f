import type { Steps } from '../../../actors/kernel/replay-api.ts';

/**
 * Drops as many items as possible while a condition holds: large pieces first, then smaller ones, down to single items. A form
 * of delta debugging.
 * @param holds   the condition for the items that would be left, in order; it must hold for all items
 * @param goesOn  called before every try; `false` ends the search with the result so far
 */
export function* ddmin<T>(
  items: readonly T[],
  holds: (left: readonly T[]) => Steps<boolean>,
  goesOn: () => boolean = () => true,
): Steps<readonly T[]> {
  let left = items;
  for (let size = Math.ceil(items.length / 2); size >= 1 && left.length > 0; ) {
    let dropped = false;
    // From the end: late items depend on early ones, rarely the other way round.
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
