import fc from 'fast-check';
import { expect, it } from 'vitest';
import { recordScheduling } from '../../ops/bench/make-recording.ts';
import { bindingOf, placementsAt, recordedPlacement } from '../../ops/replay/compare/placements.ts';
import { ReplaySession } from '../../ops/replay/play/session.ts';
import { speechThen } from '../../ops/replay/play/turn-report.ts';
import { RANKED_MAX, rankingJson, rankingOf } from './ranking.ts';
import { scheduler } from './scheduler.ts';

const hundredths = (points: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(points).map(([name, given]) => [name, Math.round(given * 100) / 100]));

it('a binding is recorded with what was thought of the best nodes, as an explanation made anew finds it', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 130 }), fc.integer({ min: 1, max: 12 }), (nodes, batch) => {
      const session = new ReplaySession(recordScheduling({ nodes, pods: 40, batch, checkpointTurns: 30 }), scheduler);
      let told = 0;
      session.run(({ turn }) => {
        const tables = placementsAt(session);
        for (const then of turn.said.filter(({ say }) => say === 'bind').map(speechThen)) {
          const recorded = recordedPlacement('scheduler', then);
          const anew = tables.find(({ pod }) => pod === bindingOf('scheduler', then)?.metadata?.name);
          const fit = (anew?.nodes ?? []).filter(({ refused }) => refused === undefined);
          expect(recorded?.chosen).toBe(anew?.chosen);
          expect(recorded?.nodes.map(({ node, points }) => [node, points])).toEqual(
            fit.slice(0, RANKED_MAX).map(({ node, points }) => [node, hundredths(points)]),
          );
          expect(recorded?.unseen ?? 0).toBe(Math.max(0, fit.length - RANKED_MAX));
          expect(JSON.stringify(then.why).length).toBeLessThan(300);
          told += 1;
        }
      });
      expect(told).toBe(40);
    }),
    { numRuns: 12 },
  );
});

it.each([
  { why: undefined },
  { why: null },
  { why: 'because' },
  { why: { by: ['taints'], best: [['n1']], of: 1 } },
  { why: { by: ['taints'], best: [['n1', 'many']], of: 1 } },
  { why: { by: ['taints'], best: 'n1', of: 1 } },
  { why: { by: ['taints'], best: [['n1', 3]] } },
])('$why is no ranking', ({ why }) => {
  expect(rankingOf(why)).toBeUndefined();
});

it('a ranking comes back from a recording', () => {
  const ranking = { by: ['balanced', 'taints'], best: [{ node: 'n1', points: [92.97, 0.5], total: 93.47 }], of: 7 };
  expect(rankingOf(rankingJson(ranking))).toEqual(ranking);
});
