import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type {
  ActorDefinition,
  Incarnation,
  Json,
  PlacementTable,
  Player,
  RecordedTurn,
  ReplayKnowledge,
} from '../../../actors/kernel/replay-api.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import type { Playable } from '../read/playable.ts';
import { type Utterance, utteranceOf, type Version } from './version.ts';

/** Another built tree of this project: its actors, and the kernel that runs them. */
export interface Tree {
  readonly path: string;
  version(playable: Playable): Version;
}

interface Definitions {
  readonly definitionOf: (incarnation: Incarnation) => ActorDefinition | undefined;
  readonly knowledgeOf: (actor: string) => ReplayKnowledge;
}

const DEFINITIONS = 'dist/ops/replay/play/definitions.js';
const PLAYER = 'dist/actors/kernel/replay-api.js';

/** Whether this is the folder of a tree of this project, built or not. */
export const isTree = (path: string): boolean => existsSync(join(path, 'ops', 'bin', 'troupe.js'));

/**
 * Loads the actors of another tree.
 * @throws StatusError NotFound when it is not built
 */
export async function loadTree(path: string): Promise<Tree> {
  const root = resolve(path);
  if (!existsSync(root))
    throw statusError('NotFound', `${path}: the folder does not exist; name a built tree of Troupe`);
  for (const file of [DEFINITIONS, PLAYER])
    if (!existsSync(join(root, file)))
      throw statusError('NotFound', `${path} is not built: it has no ${file}; run "npm ci && npm run build" in it`);
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(root, file)).href);
  const { definitionOf, knowledgeOf } = (await load(DEFINITIONS)) as Definitions;
  const { Player: TheirPlayer } = (await load(PLAYER)) as { Player: typeof Player };
  return {
    path,
    version: ({ incarnation, history, sealer, turns }) => {
      const definition = definitionOf(incarnation);
      if (definition === undefined) throw statusError('NotFound', `${path} has no actor "${incarnation.self.actor}"`);
      const player = new TheirPlayer(definition, incarnation, history, sealer);
      return treeVersion(path, turns, player, knowledgeOf(definition.name));
    },
  };
}

function treeVersion(
  name: string,
  turns: readonly RecordedTurn[],
  player: Player,
  { placements: known }: ReplayKnowledge,
): Version {
  const { core } = player;
  let before: Readonly<Record<string, Json>> = {};
  let next = 0;
  const says = (index: number): readonly Utterance[] | undefined => {
    for (; next <= index; next++) {
      if (known !== undefined && next === index) before = core.cellValues();
      player.play(turns[next] as RecordedTurn);
    }
    return player.done && player.says.map(utteranceOf);
  };
  const violation = (): string | undefined => player.violation;
  if (known === undefined) return { name, says, violation };
  const placements = (): readonly PlacementTable[] =>
    known.explain({
      view: player.cache,
      before,
      after: core.cellValues(),
      said: (player.done?.out ?? []).map(({ said }) => said),
    });
  return { name, says, violation, placements };
}
