import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import { scoreLeastAllocated } from '../../actors/scheduler/score-least-allocated.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { run } from '../support/command-line.ts';
import {
  checkedRecordings,
  expectReplays,
  type SimulatedCluster,
  startSimulatedCluster,
} from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { waitUntil } from '../support/wait-until.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a replay points out what a change of an actor's code changes: which actor, in which turn, and what it says now.
 * Method: a cluster places pods; then its recordings are played against a scheduler that prefers the fuller node.
 */
let cluster: SimulatedCluster;
beforeAll(async () => {
  cluster = await startSimulatedCluster({ nodes: ['n1', 'n2'] });
});
afterAll(() => cluster?.stop());
afterEach(() => vi.restoreAllMocks());

const podOf = (name: string) => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name },
  spec: { containers: [{ name: 'main', image: 'any:1', resources: { requests: { cpu: '100m', memory: '64Mi' } } }] },
});

const placed = async (name: string): Promise<string> => {
  await cluster.client.create('pods', 'default', podOf(name));
  return waitUntil(`${name} has a node`, 20_000, async () => {
    const { spec } = await cluster.client.get<Pod>('pods', { namespace: 'default', name });
    return spec?.nodeName;
  });
};

it('names the actor, the turn and the first thing that a changed scheduler says differently', async () => {
  const first = await placed('first');
  const second = await placed('second');
  expect(second).not.toBe(first);
  await expectReplays(cluster);

  const { score } = scoreLeastAllocated;
  vi.spyOn(scoreLeastAllocated, 'score').mockImplementation((...about) => 100 - score(...about));
  const checked = await checkedRecordings(cluster);
  const different = checked.filter(({ divergence }) => divergence !== undefined);
  expect(different.map(({ actor }) => actor)).toEqual(['scheduler']);
  const [{ divergence, turns } = { divergence: undefined, turns: 0 }] = different;
  expect(divergence?.turn).toBe(turns + 1);
  expect(divergence?.rec).toMatchObject({ t: 'change', keys: expect.arrayContaining(['pods.default.second']) });
  expect(divergence?.what).toContain('thing 1 of 1 said differs in its body: bind on');
  const [now] = divergence?.saidNow ?? [];
  expect(now?.said.body).toMatchObject({ target: { name: first } });

  // The same from a file, as a person sees it: the choice of then and now, with the scores of both.
  const folder = mkdtempSync(join(tmpdir(), 'troupe-changed-'));
  try {
    const file = join(folder, 'day.troupe');
    await cluster.writeRecordings(file);
    const { code, out } = await run('replay', file, '--actor', 'scheduler');
    expect(code).toBe(1);
    expect(out).toContain(`      - target.name: ${second}\n      + target.name: ${first}\n`);
    expect(out).toMatch(/NODE +LEAST ALLOCATED +BALANCED +TAINTS +TOTAL +CHOSEN\n/);
    const both = String.raw`+\d+\.\d\d -> \d+\.\d\d .* \d+\.\d\d -> \d+\.\d\d `;
    expect(out).toMatch(new RegExp(`  ${second} ${both}+then\n`));
    expect(out).toMatch(new RegExp(`  ${first} ${both}+now\n`));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
