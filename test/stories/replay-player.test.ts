import { expect, it, vi } from 'vitest';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { journalSealer } from '../../ops/boot/roles/journal-sealer.ts';
import { plainReport } from '../../ops/cli/replay/json.ts';
import { chainOf } from '../../ops/replay/explain/chain.ts';
import { definitionOf } from '../../ops/replay/play/definitions.ts';
import { ReplaySession } from '../../ops/replay/play/session.ts';
import { reportTurn, type TurnReport } from '../../ops/replay/play/turn-report.ts';
import type { Playable } from '../../ops/replay/read/playable.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import { PREFIX, type SimulatedCluster } from '../support/simulated-cluster.ts';
import { onCluster, STORY_MS } from '../support/story.ts';
import { deploymentManifest, podsOf, settled } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: at three in the morning, "why did this pod land there?" has an answer: which message caused which, from the
 * placement back to who applied what.
 * Method: a Deployment on simulated nodes; the chain of causes of a placement, and of what a kubelet did, through the
 * recordings of all actors.
 */
async function recordingsOf({ client, key, master, workers }: SimulatedCluster): Promise<readonly Playable[]> {
  await master.host.options.recorder?.flush();
  for (const { host } of workers.values()) await host.options.recorder?.flush();
  const recordings = await readJournal(client.connection, PREFIX);
  const history = await readHistory(client.connection, PREFIX, key);
  const sealer = journalSealer(key);
  return recordings.map(({ incarnation, turns }) => ({ incarnation, turns, history, sealer }));
}

it(
  'a placement is followed back to the manifest that was applied',
  onCluster({ nodes: ['n1', 'n2'] }, async (cluster) => {
    const web = { name: 'web', replicas: 2, image: 'one', graceSeconds: 0 };
    await cluster.client.applyManifest('default', deploymentManifest(web));
    await settled(cluster.client, web);
    const [pod] = (await podsOf(cluster.client, 'web')) as readonly Pod[];
    const name = pod?.metadata?.name ?? '';
    const all = await recordingsOf(cluster);

    const chain = async (actor: string, isIt: (session: ReplaySession) => boolean) => {
      const playable = all.find(
        ({ incarnation: { self } }) =>
          self.actor === actor && (actor !== 'kubelet' || self.instance === pod?.spec?.nodeName),
      ) as Playable;
      const definition = definitionOf(playable.incarnation);
      if (definition === undefined) throw new Error(`there is no ${actor}`);
      const session = new ReplaySession(playable, definition);
      expect(session.run(() => isIt(session) || undefined)).toBe(true);
      return chainOf(session, { all: async () => all }, definitionOf, reportTurn(session)?.said[0]?.is?.subject ?? '');
    };

    const placed = await chain('scheduler', ({ frame }) =>
      (frame?.says ?? []).some(({ said }) => said.say === 'bind' && said.subject.endsWith(`.${name}`)),
    );
    const actors = placed.map(({ actor }) => actor.split('/')[0]);
    expect(actors[0]).toBe('scheduler');
    const story = ['scheduler', 'api-server', 'replica-set', 'api-server', 'deployment', 'api-server', 'client'];
    expect(actors.filter((actor, at) => actor !== actors[at - 1])).toEqual(story);
    expect(placed.at(-2)?.what).toBe('heard troupe.apply.operator.default');

    const sandbox = await chain('kubelet', ({ frame }) =>
      (frame?.says ?? []).some(({ said }) => JSON.stringify(said.body ?? '').includes(name)),
    );
    expect(sandbox.map(({ actor }) => actor.split('/')[0])).toEqual(expect.arrayContaining(['kubelet', 'dispatcher']));
  }),
);

it(
  'whoever plays a recording with the key at hand sees the names of secret values, never the values',
  onCluster({}, async (cluster) => {
    const value = 'zz-hush-hush-zz';
    const { client } = cluster;
    const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'db' }, stringData: { password: value } };
    await client.applyManifest('default', JSON.stringify(secret));
    await client.create('secrets', 'default', { ...secret, metadata: { name: 'other' } });
    await client.request('patch', 'secrets', { namespace: 'default', name: 'other' }, { stringData: { more: value } });
    await client.list('secrets', {});
    const all = await recordingsOf(cluster);
    const hidden = [value, Buffer.from(value).toString('base64')];
    let shown = '';
    for (const playable of all) {
      const definition = playable.incarnation.driver ? undefined : definitionOf(playable.incarnation);
      if (definition === undefined) continue;
      const session = new ReplaySession(playable, definition);
      session.run(() => {
        shown += JSON.stringify(plainReport(reportTurn(session) as TurnReport));
      });
    }
    expect(shown).toContain('"password":"(not shown)"');
    expect(hidden.filter((text) => shown.includes(text))).toEqual([]);
  }),
);
