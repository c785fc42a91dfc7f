import { watchedResources } from '../../../actors/kernel/turns/pending-changes.ts';
import type { MemoryHistory } from '../../../actors/kernel/view/memory-history.ts';
import { EPOCHS, parseKey } from '../../../contracts/store/keys.ts';
import { definitionOf } from '../play/definitions.ts';
import type { Recorded } from './playable.ts';

/** What an actor may look at is what it watches. One that this build does not have may have watched anything. */
export function watchedBy({ incarnation }: Pick<Recorded, 'incarnation'>): ReadonlySet<string> | 'all' {
  if (incarnation.driver) return new Set();
  const definition = definitionOf(incarnation);
  return definition === undefined ? 'all' : new Set([EPOCHS, ...watchedResources(definition.hears)]);
}

/**
 * Resources of which the history tells of a file that does not say so itself: what its actors watch today, and whatever
 * else is in it. Of others nothing can be said, not even that there were none.
 */
export function kindsHeld(
  recordings: readonly Pick<Recorded, 'incarnation'>[],
  { all, bases }: Pick<MemoryHistory, 'all' | 'bases'>,
): ReadonlySet<string> | 'all' {
  const held = new Set<string>();
  for (const recording of recordings) {
    const watched = watchedBy(recording);
    if (watched === 'all') return 'all';
    for (const resource of watched) held.add(resource);
  }
  for (const entries of [...bases.map((base) => base.entries), all])
    for (const { key } of entries) held.add(parseKey(key)?.resource ?? '');
  return held;
}
