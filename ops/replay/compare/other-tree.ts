import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Json } from '../../../actors/kernel/contract.ts';
import type { RecordedTurn } from '../../../actors/kernel/journal/journal.ts';
import type { Player } from '../../../actors/kernel/replay.ts';
import type { ActorCore, TurnDone } from '../../../actors/kernel/turns/actor-core.ts';
import { outcomeToCompare } from '../../../actors/kernel/turns/outcome.ts';
import type { PlacementTable, PlacementTurn } from '../../../actors/scheduler/explain-placement.ts';
import { statusError } from '../../../contracts/errors/status.ts';
import type { DefinitionOf } from '../play/check.ts';
import type { Playable } from '../read/playable.ts';
import { type Utterance, utteranceOf, type Version } from './version.ts';

/** Another built tree of this project: its actors, and the kernel that runs them. */
export interface Tree {
  readonly path: string;
  version(playable: Playable): Version;
}

const DEFINITIONS = 'dist/ops/replay/play/definitions.js';
const PLAYER = 'dist/actors/kernel/replay.js';
const EXPLAIN = 'dist/actors/scheduler/explain-placement.js';

/** Is this the folder of a tree of this project, built or not? */
export const isTree = (path: string): boolean => existsSync(join(path, 'ops', 'bin', 'troupe.js'));

/**
 * Loads the actors of another tree beside our own.
 * @throws StatusError NotFound when it is not built
 */
export async function loadTree(path: string): Promise<Tree> {
  const root = resolve(path);
  if (!existsSync(root)) throw statusError('NotFound', `${path}: there is no such folder; name a built tree of Troupe`);
  if (!existsSync(join(root, DEFINITIONS)))
    throw statusError('NotFound', `${path} is not built, or older than replay; run "npm ci && npm run build" in it`);
  const load = async (file: string): Promise<unknown> => import(pathToFileURL(join(root, file)).href);
  const { definitionOf } = (await load(DEFINITIONS)) as { definitionOf: DefinitionOf };
  const { Player: TheirPlayer } = (await load(PLAYER)) as { Player: typeof Player };
  const explain = existsSync(join(root, EXPLAIN))
    ? ((await load(EXPLAIN)) as { explainTurn: (turn: PlacementTurn) => readonly PlacementTable[] }).explainTurn
    : undefined;
  return {
    path,
    version: (playable) => {
      const { incarnation, history, sealer, turns } = playable;
      const definition = definitionOf(incarnation);
      if (definition === undefined) throw statusError('NotFound', `${path} has no actor "${incarnation.self.actor}"`);
      const player = new TheirPlayer(definition, incarnation, history, sealer);
      return treeVersion(path, turns, player, { explain, reports: incarnation.reports === true });
    },
  };
}

/** A player of an earlier release may not tell what a turn did: it is seen where the turn is run. */
function treeVersion(
  name: string,
  turns: readonly RecordedTurn[],
  player: Player,
  {
    explain,
    reports,
  }: {
    readonly explain: ((turn: PlacementTurn) => readonly PlacementTable[]) | undefined;
    /** The recording tells what went wrong. */
    readonly reports: boolean;
  },
): Version {
  const core = player.core as ActorCore & { run: ActorCore['run'] };
  let done: TurnDone | undefined;
  const run = core.run.bind(core);
  core.run = (...args) => (done = run(...args));
  let before: Readonly<Record<string, Json>> = {};
  let next = 0;
  const says = (index: number): readonly Utterance[] | undefined => {
    for (; next <= index; next++) {
      done = undefined;
      if (explain !== undefined && next === index) before = core.cellValues();
      player.play(turns[next] as RecordedTurn);
    }
    return done && outcomeToCompare(done, { reports, lastTurn: turns.at(-1)?.n }).map(utteranceOf);
  };
  const violation = (): string | undefined => player.violation;
  if (explain === undefined || core.definition.name !== 'scheduler') return { name, says, violation };
  const placements = (): readonly PlacementTable[] =>
    explain({ view: player.cache, before, after: core.cellValues(), said: (done?.out ?? []).map(({ said }) => said) });
  return { name, says, violation, placements };
}
