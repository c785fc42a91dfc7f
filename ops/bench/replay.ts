import { clusterKey } from '../../contracts/store/sealed.ts';
import { readClusterKey } from '../boot/home/cluster.ts';
import { journalSealer } from '../boot/roles/journal-sealer.ts';
import { checkRecordings } from '../replay/play/check.ts';
import { definitionOf } from '../replay/play/definitions.ts';
import { readHistory } from '../replay/read/read-history.ts';
import type { BenchOptions } from './bench-case.ts';
import { namespaceOf } from './objects.ts';
import { NAMESPACE } from './pods-seen.ts';
import { type Report, rate } from './report.ts';
import { bindAll, makeNodes } from './schedule.ts';
import { EXTRA, startStage } from './stage.ts';
import { sized } from './tiny.ts';

const PODS = sized(3_000, 50);
const NODES = sized(100, 5);

/** How fast the recordings of a busy control plane are replayed with the current code. */
export async function benchReplay(options: BenchOptions): Promise<Report> {
  const stage = await startStage({ profile: options.profile });
  try {
    const { cluster, paths, client } = stage;
    await makeNodes(stage, NODES);
    await client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    const liveMs = await bindAll(client, PODS, 'pod');
    const { connection } = await stage.connect(EXTRA);
    const key = clusterKey(readClusterKey(paths));
    const began = performance.now();
    const history = await readHistory(connection, cluster.prefix, key);
    const readMs = performance.now() - began;
    const checked = await checkRecordings({
      connection,
      prefix: cluster.prefix,
      history,
      sealer: journalSealer(key),
      definitionOf,
    });
    const playedMs = performance.now() - began - readMs;
    const turns = checked.reduce((sum, one) => sum + one.turns, 0);
    const bad = checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined);
    return {
      title: `replay: every recording of a control plane that bound ${PODS} pods on ${NODES} nodes in ${(liveMs / 1000).toFixed(1)} s`,
      rows: [
        { what: 'played', figure: `${Math.round(rate(turns, playedMs) * 60)} turns/min`, aim: '' },
        { what: 'turns', figure: String(turns) },
        { what: 'history read in', figure: `${Math.round(readMs)} ms` },
        { what: 'journals read and played in', figure: `${Math.round(playedMs)} ms` },
        { what: 'recordings that differ', figure: `${bad.length} of ${checked.length}`, aim: '0' },
      ],
      notes: bad.map(
        ({ actor, turns: played, divergence, problem }) =>
          `${actor} after ${played} turns: ${problem ?? divergence?.what ?? ''}`,
      ),
    };
  } finally {
    await stage.stop();
  }
}
