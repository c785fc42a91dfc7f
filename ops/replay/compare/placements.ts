import type { Json, PlacementTable } from '../../../actors/kernel/replay-api.ts';
import type { Binding } from '../../../contracts/messages/api.ts';
import { Hidden } from '../play/bodies.ts';
import { knowledgeOf } from '../play/definitions.ts';
import type { ReplaySession } from '../play/session.ts';
import type { Speech } from '../play/turn-report.ts';

/** The binding in something that an actor said; `undefined` when it is none or cannot be shown. */
export function bindingOf(actor: string, speech: Speech | undefined): Partial<Binding> | undefined {
  if (speech === undefined || speech.body instanceof Hidden) return undefined;
  return knowledgeOf(actor).placements?.bindingIn(speech);
}

/** How a placement came about, as it was recorded with its binding. */
export function recordedPlacement(actor: string, speech: Speech | undefined): PlacementTable | undefined {
  if (speech === undefined || speech.body instanceof Hidden) return undefined;
  return knowledgeOf(actor).placements?.recorded(speech);
}

/** How the placements of the session's current turn came about, computed by today's code. */
export function placementsAt(session: ReplaySession): readonly PlacementTable[] {
  const { frame } = session;
  const { placements } = knowledgeOf(session.definition.name);
  if (frame === undefined || placements === undefined) return [];
  const after = session.cells();
  const before = new Map<string, Json>(Object.entries(after));
  for (const { name, before: was } of frame.cells) {
    if (was === undefined) before.delete(name);
    else before.set(name, was);
  }
  return placements.explain({
    view: session.view(),
    before: Object.fromEntries(before),
    after,
    said: frame.says.map(({ said }) => said),
  });
}
