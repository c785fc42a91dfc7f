import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';
import type { ActorDefinition } from '../../../actors/kernel/declare.ts';
import { Player } from '../../../actors/kernel/replay.ts';
import { atOnce } from '../../../actors/kernel/slices.ts';
import { failingOver } from '../../../test/support/brittle.ts';
import { podNamed, RecordingWorld } from '../../bench/make-recording.ts';
import { compareVersions } from './compare-versions.ts';
import { loadTree } from './other-tree.ts';
import { codeVersion } from './version.ts';

const folder = mkdtempSync(join(tmpdir(), 'other-tree-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** A built tree with that actor and today's kernel. */
async function treeOf(actor: ActorDefinition) {
  vi.stubGlobal('otherTree', { Player, definitionOf: () => actor });
  for (const [file, what] of [
    ['dist/ops/replay/play/definitions.js', 'definitionOf'],
    ['dist/actors/kernel/replay.js', 'Player'],
  ] as const) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), `export const { ${what} } = globalThis.otherTree;\n`);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return loadTree(folder);
}

it('of an older recording that ends with a turn that fails, two trees that both fail there say the same', async () => {
  const brittle = failingOver('web-2');
  const recording = new RecordingWorld(brittle);
  recording.world.start();
  for (const name of ['web-0', 'web-1', 'web-2']) recording.put('pods', podNamed(name));
  expect(() => recording.world.settle()).toThrow('it broke');
  const { incarnation, turns, ...rest } = recording.playable();
  const older = {
    ...rest,
    incarnation: { ...incarnation, reports: false },
    turns: turns.map((turn) => ({ ...turn, said: turn.said.filter(({ kind }) => kind !== 'report') })),
  };
  const tree = await treeOf(brittle);
  const compared = atOnce(compareVersions(older, codeVersion('this build', older, brittle), tree.version(older)));
  expect(compared).toMatchObject({ turns: turns.length, changed: 0 });
});
