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
  vi.stubGlobal('otherTree', { Player, definitionOf: () => actor, knowledgeOf: () => ({}) });
  for (const [file, what] of [
    ['dist/ops/replay/play/definitions.js', 'definitionOf, knowledgeOf'],
    ['dist/actors/kernel/replay-api.js', 'Player'],
  ] as const) {
    mkdirSync(join(folder, dirname(file)), { recursive: true });
    writeFileSync(join(folder, file), `export const { ${what} } = globalThis.otherTree;\n`);
  }
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  return loadTree(folder);
}

it('compares failures: two trees that fail in the same turn say the same, one that does not differs', async () => {
  const brittle = failingOver('web-2');
  const recording = new RecordingWorld(brittle);
  recording.world.start();
  for (const name of ['web-0', 'web-1', 'web-2']) recording.put('pods', podNamed(name));
  expect(() => recording.world.settle()).toThrow('it broke');
  const playable = recording.playable();
  const tree = await treeOf(brittle);
  const compared = (actor: ActorDefinition) =>
    atOnce(compareVersions(playable, codeVersion('this build', playable, actor), tree.version(playable)));
  expect(compared(brittle)).toMatchObject({ turns: playable.turns.length, changed: 0 });
  expect(compared(failingOver())).toMatchObject({ changed: 1 });
});
