import { guarded } from '../../actors/kernel/nats/nats-guarded-callback.ts';
import { decode } from '../../contracts/codec/codec.ts';
import type { Pod } from '../../contracts/kinds/kinds.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Client } from '../client/client.ts';
import type { BenchOptions } from './bench-case.ts';
import { until } from './drive.ts';
import { namespaceOf, podOf } from './objects.ts';
import { percentile, perSecond, type Report, type Row, rate } from './report.ts';
import { makeNodes } from './schedule.ts';
import { startStage } from './stage.ts';
import { sized } from './tiny.ts';

const NODES = sized(50, 5);
const SIZES = [sized(200, 10), sized(1_000, 20)];
const ROUNDS = sized(5, 1);
const NAMESPACE = 'bench-rollout';

/** A Deployment from apply until all of its pods are created and bound: shows what the controllers cost beside the api-server. */
export async function benchRollout(options: BenchOptions): Promise<Report> {
  const stage = await startStage({ profile: options.profile });
  try {
    await makeNodes(stage, NODES);
    await stage.client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    await rollOut(stage.client, 'warm', sized(50, 5));
    const rows: Row[] = [];
    for (const size of SIZES) {
      const rounds = [];
      for (let round = 0; round < ROUNDS; round++)
        rounds.push(await rollOut(stage.client, `web-${size}-${round}`, size));
      const row = (what: string, took: readonly number[]) => rows.push(rowOf(`${size} pods, ${what}`, size, took));
      const [created, bound] = [rounds.map(({ createdMs }) => createdMs), rounds.map(({ boundMs }) => boundMs)];
      row('all created', created);
      row('all bound', bound);
    }
    return { title: `rollout: apply of a Deployment on ${NODES} nodes; medians of ${ROUNDS}`, rows };
  } finally {
    await stage.stop();
  }
}

function rowOf(what: string, size: number, samples: readonly number[]): Row {
  const took = percentile(samples, 0.5);
  return { what, figure: `${Math.round(took)} ms (${perSecond(rate(size, took))})` };
}

/** @returns milliseconds since apply, as seen on `troupe.changes`; the Deployment is deleted at the end */
async function rollOut(client: Client, name: string, replicas: number) {
  const created = new Set<string>();
  const bound = new Set<string>();
  const subject = SUBJECTS.changes.pattern(client.prefix, { resource: 'pods', namespace: NAMESPACE });
  let createdAt = 0;
  let boundAt = 0;
  const subscription = client.connection.subscribe(subject, {
    callback: guarded((_error, msg) => {
      if (msg.data.length === 0) return;
      const { metadata, spec } = decode(msg.data) as Pod;
      if (metadata?.deletionTimestamp !== undefined) return;
      created.add(metadata?.name ?? '');
      if (created.size === replicas && createdAt === 0) createdAt = performance.now();
      if ((spec?.nodeName ?? '') !== '') bound.add(metadata?.name ?? '');
      if (bound.size === replicas && boundAt === 0) boundAt = performance.now();
    }, console.error),
  });
  await client.connection.flush();
  const began = performance.now();
  await client.apply('deployments', { namespace: NAMESPACE, name }, deploymentOf(name, replicas));
  await until(`${replicas} pods of ${name} are bound`, 60_000, () => boundAt > 0);
  subscription.unsubscribe();
  await client.delete('deployments', { namespace: NAMESPACE, name });
  await until(`the pods of ${name} are gone`, 60_000, async () => {
    const { items } = await client.list<Pod>('pods', { namespace: NAMESPACE }, { limit: 1 });
    return items.length === 0;
  });
  return { createdMs: createdAt - began, boundMs: boundAt - began };
}

const deploymentOf = (name: string, replicas: number) => {
  const { spec } = podOf('');
  const labels = { app: name };
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      // There are no kubelets: a deleted pod must be removed at once.
      template: { metadata: { labels }, spec: { ...spec, terminationGracePeriodSeconds: 0 } },
    },
  };
};
