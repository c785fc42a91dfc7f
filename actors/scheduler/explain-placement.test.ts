import fc from 'fast-check';
import { expect, it } from 'vitest';
import { nodeNamed, podNamed, RecordingWorld, recordScheduling } from '../../ops/bench/make-recording.ts';
import { ReplaySession } from '../../ops/replay/play/session.ts';
import type { PlacementTable } from '../kernel/replay-knowledge.ts';
import { explainTurn } from './explain-placement.ts';
import { scheduler } from './scheduler.ts';

/** Every placement of a recording, and what was said of it. */
function explainAll(playable: Parameters<typeof open>[0]): { table: PlacementTable; chosen: string | undefined }[] {
  const session = open(playable);
  const explained: { table: PlacementTable; chosen: string | undefined }[] = [];
  let before = session.cells();
  session.run(({ says }) => {
    const said = says.map((out) => out.said);
    const after = session.cells();
    const tables = explainTurn({ view: session.view(), before, after, said });
    before = after;
    for (const table of tables) {
      const bind = said.find(({ say, subject }) => say === 'bind' && subject.endsWith(`.${table.pod}`));
      explained.push({ table, chosen: (bind?.body as { target: { name: string } } | undefined)?.target.name });
    }
    expect(tables.filter(({ chosen }) => chosen !== undefined)).toHaveLength(
      said.filter(({ say }) => say === 'bind').length,
    );
  });
  return explained;
}
const open = (playable: ConstructorParameters<typeof ReplaySession>[0]) => new ReplaySession(playable, scheduler);

it('explains every placement of a recording as it was made', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 130 }), // beyond a hundred, not all are asked
      fc.integer({ min: 1, max: 12 }),
      (nodes, batch) => {
        for (const { table, chosen } of explainAll(recordScheduling({ nodes, pods: 40, batch, checkpointTurns: 30 }))) {
          expect(table.chosen).toBe(chosen);
          expect(table.nodes[0]?.node).toBe(chosen);
        }
      },
    ),
    { numRuns: 12 },
  );
});

it('shows the points of each node, and why another will not do', () => {
  const recording = new RecordingWorld(scheduler);
  recording.put('nodes', nodeNamed('big'));
  recording.put('nodes', nodeNamed('small', '200m'));
  recording.put('nodes', nodeNamed('tiny', '50m'));
  recording.world.start();
  recording.put('pods', podNamed('web'));
  recording.world.settle();
  const [{ table } = { table: undefined }] = explainAll(recording.playable());
  expect(table).toMatchObject({ namespace: 'default', pod: 'web', chosen: 'big' });
  expect(table?.nodes.map(({ node, refused }) => [node, refused])).toEqual([
    ['big', undefined],
    ['small', undefined],
    ['tiny', ['Insufficient cpu']],
  ]);
  const [big] = table?.nodes ?? [];
  expect(big?.points).toEqual({
    'least allocated': expect.closeTo(98.55, 2) as number,
    balanced: expect.closeTo(98.95, 2) as number,
    taints: 0,
  });
  expect(big?.total).toBeCloseTo(197.5, 1);
});

it('explains why a pod fits nowhere', () => {
  const recording = new RecordingWorld(scheduler);
  recording.put('nodes', nodeNamed('tiny', '50m'));
  recording.world.start();
  recording.put('pods', podNamed('web'));
  recording.world.settle();
  recording.world.answer(recording.world.said('status')[0]?.id ?? '', {});
  const [{ table } = { table: undefined }] = explainAll(recording.playable());
  expect(table).toMatchObject({ pod: 'web', nodes: [{ node: 'tiny', refused: ['Insufficient cpu'] }] });
  expect(table?.chosen).toBeUndefined();
});
