import inspector from 'node:inspector';
import type { ActorDefinition } from '../../../actors/kernel/replay-api.ts';
import type { Playable } from '../read/playable.ts';
import { ReplaySession, type SessionOptions } from './session.ts';
import { stopInside } from './stop-inside.ts';

/** Whether this process runs under a debugger. */
export const isInspected = (): boolean => inspector.url() !== undefined;

/** A session at a turn, inside which an attached debugger stops once. */
export function stoppingSession(
  playable: Playable,
  definition: ActorDefinition,
  index: number,
  options: SessionOptions,
): ReplaySession {
  let armed = false;
  const once = (): boolean => {
    const here = armed;
    armed = false;
    return here;
  };
  const session = new ReplaySession(playable, stopInside(definition, once), options);
  session.goto(index - 1);
  armed = isInspected();
  session.step();
  return session;
}
