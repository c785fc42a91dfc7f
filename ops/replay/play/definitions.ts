import type { ActorDefinition, Incarnation, ReplayKnowledge } from '../../../actors/kernel/replay-api.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { playedActors } from '../actors.ts';

/** Actors of the user, by name. One with the name of an actor of this build replaces it. */
const others = new Map<string, ActorDefinition>();

/** Plays recordings of these actors with these definitions. */
export function alsoPlay(definitions: readonly ActorDefinition[]): void {
  for (const definition of definitions) others.set(definition.name, definition);
}

/** Whether this build has an actor or driver of that name. */
export const isActorName = (name: string): boolean => playedActors.has(name);

/** What an actor declares about itself for replay tools; empty for an actor that declares nothing. */
export const knowledgeOf = (actor: string): ReplayKnowledge => playedActors.get(actor)?.knowledge ?? {};

/** The error for a driver of which nothing is recorded by design; `undefined` for every other name. */
export const notRecorded = (name: string): StatusError | undefined =>
  playedActors.get(name)?.unrecorded === true
    ? statusError(
        'NotFound',
        `${name} is a driver without a recording; its callers record what they ask it and what it answers: "troupe replay api-server"`,
      )
    : undefined;

/** The error for a driver that was asked to be played. */
export const notReplayed = (driver: string): StatusError =>
  statusError('NotFound', `${driver} is a driver: it is recorded but cannot be replayed`);

/**
 * Today's definition of a recorded actor, made from the configuration that was recorded with it.
 * @returns undefined when this build has no actor of that name
 * @throws StatusError BadRequest: the recorded configuration is not one of this actor
 */
export function definitionOf({ self, config }: Incarnation): ActorDefinition | undefined {
  const { actor, instance } = self;
  const other = others.get(actor);
  if (other !== undefined) return other;
  const { define, knowledge } = playedActors.get(actor) ?? {};
  const finding = knowledge?.checkConfig?.(config);
  if (finding !== undefined)
    throw statusError(
      'BadRequest',
      `make ${actor}/${instance} from its recorded configuration: ${finding}; export the recording again where it was made`,
    );
  return define?.(config);
}
