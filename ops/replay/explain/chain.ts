import type { History } from '../../../actors/kernel/replay-api.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import type { DefinitionOf } from '../play/check.ts';
import { knowledgeOf } from '../play/definitions.ts';
import { ReplaySession } from '../play/session.ts';
import type { Playable } from '../read/playable.ts';
import type { Source } from '../read/source.ts';
import { type Cause, causesOf, type LastWrite } from './plan-causes.ts';

/** The chain of causes of a session's current turn, through all recordings of its source. */
export async function chainOf(
  session: ReplaySession,
  source: Pick<Source, 'all'>,
  definitionOf: DefinitionOf,
  about: string,
): Promise<readonly Cause[]> {
  const { incarnation } = session.playable;
  const all = (await source.all()).map((one) => (isSame(one, session.playable) ? session.playable : one));
  const sessions = new Map<Playable, ReplaySession>();
  const at = (playable: Playable): ReplaySession | undefined => {
    const definition = playable.incarnation === incarnation ? session.definition : definitionOf(playable.incarnation);
    if (definition === undefined) return undefined;
    const opened = sessions.get(playable) ?? new ReplaySession(playable, definition);
    sessions.set(playable, opened);
    return opened;
  };
  return causesOf(
    {
      all,
      timersSetIn: (playable, index) =>
        at(playable)
          ?.goto(index)
          ?.fired.map(({ turn }) => turn) ?? [],
      writeAt: (playable, index, key) => lastWrite(playable.history, key, playable.turns[index]?.view['objects'] ?? 0),
      storeWritesOf: (actor) => knowledgeOf(actor).storeWrites,
    },
    session.playable,
    session.position,
    about,
  );
}

const isSame = (a: Playable, b: Playable): boolean =>
  a.incarnation.incarnation === b.incarnation.incarnation &&
  a.incarnation.self.actor === b.incarnation.self.actor &&
  a.incarnation.self.instance === b.incarnation.self.instance;

/** A key's last write up to a revision, or its deletion. */
function lastWrite(history: History, key: Key, revision: number): LastWrite | undefined {
  for (const entry of history.stateAt(revision))
    if (entry.key === key) return { revision: entry.revision, deleted: false };
  let last: LastWrite | undefined;
  for (const write of history.writes(0, revision))
    if (write.key === key) last = { revision: write.revision, deleted: write.object === undefined };
  return last;
}
