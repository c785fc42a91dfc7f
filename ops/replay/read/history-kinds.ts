import { watchedResources } from '../../../actors/kernel/replay-api.ts';
import { EPOCHS } from '../../../contracts/store/keys.ts';
import { definitionOf } from '../play/definitions.ts';
import type { Recorded } from './playable.ts';

/** Resources whose history is needed to play a recording: those that the actor watches. `all` for an actor that this build does not have. */
export function watchedBy({ incarnation }: Pick<Recorded, 'incarnation'>): ReadonlySet<string> | 'all' {
  if (incarnation.driver) return new Set();
  const definition = definitionOf(incarnation);
  const watched = definition === undefined ? 'all' : watchedResources(definition.hears);
  return watched === 'all' ? 'all' : new Set([EPOCHS, ...watched]);
}
