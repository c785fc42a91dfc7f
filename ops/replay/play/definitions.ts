import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import type { Incarnation } from '../../../actors/kernel/journal/recorder.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { definitionFor } from '../../boot/roles/hosted-actors.ts';
import { checkConfig } from '../read/recorded-config.ts';

/** Actors of somebody's own, by name; one that is called as one of ours is played in its stead. */
const others = new Map<string, ActorDefinition>();

/** Whatever is recorded of these is played with these. */
export function alsoPlay(definitions: readonly ActorDefinition[]): void {
  for (const definition of definitions) others.set(definition.name, definition);
}

/** It hears ports alone: who asks it is recorded, and it is not. */
const STORE = 'store';

/** Why nothing of an actor is recorded, where that is meant. */
export const notRecorded = (name: string): StatusError | undefined =>
  name === STORE
    ? statusError(
        'NotFound',
        'store is a driver: it decides nothing, and has no recording; what it was asked and answered is in those of who asks it: "troupe replay api-server"',
      )
    : undefined;

/** Why what is recorded of this actor is not played. */
export const notReplayed = (driver: string): StatusError =>
  statusError('NotFound', `${driver} is a driver: it decides nothing, so it is recorded but not replayed`);

/**
 * Today's definition of a recorded actor, made from the configuration that was recorded with it.
 * @throws StatusError BadRequest: no such actor was ever configured so
 */
export function definitionOf({ self, config }: Incarnation): ActorDefinition | undefined {
  const other = others.get(self.actor);
  if (other !== undefined) return other;
  checkConfig(self, config);
  return definitionFor(self.actor, config);
}
