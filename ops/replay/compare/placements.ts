import type { Json } from '../../../actors/kernel/contract.ts';
import { explainTurn, type PlacementTable, tableOfRanking } from '../../../actors/scheduler/explain-placement.ts';
import { rankingOf } from '../../../actors/scheduler/ranking.ts';
import type { Binding } from '../../../contracts/messages/api.ts';
import { Hidden } from '../play/bodies.ts';
import type { ReplaySession } from '../play/session.ts';
import type { Speech } from '../play/turn-report.ts';

/** The binding that something said is, if it can be seen. */
export function bindingOf(speech: Speech | undefined): Partial<Binding> | undefined {
  if (speech?.say !== 'bind' || speech.body instanceof Hidden) return undefined;
  return typeof speech.body === 'object' && speech.body !== null ? speech.body : undefined;
}

/** How a placement came about, as it was recorded with its binding; recordings of format 2 and before do not tell. */
export function recordedPlacement(speech: Speech | undefined): PlacementTable | undefined {
  const binding = bindingOf(speech);
  const ranking = rankingOf(speech?.why);
  return binding === undefined || ranking === undefined ? undefined : tableOfRanking(binding, ranking);
}

/** How the placements of the turn came about at which the session of a scheduler stands, made anew by today's code. */
export function placementsAt(session: ReplaySession): readonly PlacementTable[] {
  const { frame } = session;
  if (frame === undefined || session.definition.name !== 'scheduler') return [];
  const after = session.cells();
  const before = new Map<string, Json>(Object.entries(after));
  for (const { name, before: was } of frame.cells) {
    if (was === undefined) before.delete(name);
    else before.set(name, was);
  }
  return explainTurn({
    view: session.view(),
    before: Object.fromEntries(before),
    after,
    said: frame.says.map(({ said }) => said),
  });
}
