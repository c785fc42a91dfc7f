import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import type { BenchOptions } from './bench-case.ts';
import { inFlight } from './drive.ts';
import { configMapOf, namespaceOf } from './objects.ts';
import { cpuMeter, cpuNote } from './process-figures.ts';
import { percentile, perSecond, type Report, rate, spread } from './report.ts';
import { EXTRA, type Stage, startStage } from './stage.ts';

const NAMESPACE = 'bench-api';
const STORED = 10_000;
const IN_SEQUENCE = 2_000;
const AT_ONCE = 32;
const BURST = 12_000;

/** The api-server with 10,000 objects stored, beside the bare broker on the same server in the same run. */
export async function benchApi(options: BenchOptions): Promise<Report> {
  const stage = await startStage({ profile: options.profile });
  try {
    const { client } = stage;
    await client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    const create = (name: string): Promise<unknown> => client.create('configmaps', NAMESPACE, configMapOf(name));
    const get = (name: string): Promise<unknown> => client.get('configmaps', { namespace: NAMESPACE, name });
    const stored = await inFlight(AT_ONCE, STORED, (n) => create(`stored-${n}`));
    await inFlight(1, 300, (n) => create(`warm-${n}`));
    const creates = await inFlight(1, IN_SEQUENCE, (n) => create(`one-${n}`));
    const gets = await inFlight(1, IN_SEQUENCE, (n) => get(`stored-${(n * 7) % STORED}`));
    const creating = cpuMeter(stage.pids);
    const manyCreates = await inFlight(AT_ONCE, BURST, (n) => create(`many-${n}`));
    const created = creating(BURST);
    const getting = cpuMeter(stage.pids);
    const manyGets = await inFlight(AT_ONCE, BURST, (n) => get(`stored-${(n * 7) % STORED}`));
    const got = getting(BURST);
    const bare = await bareBroker(stage);
    return {
      title: `api: ${STORED} objects of 1.1 KB stored; the peer is the bare broker: a KV put, a request answered by a plain responder`,
      rows: [
        row('create, one at a time', creates.samples, bare.put.samples, 'p50 < 1 ms, p99 < 3 ms'),
        row('get, one at a time', gets.samples, bare.ask.samples, 'p50 < 0.6 ms'),
        rateRow('creates, 32 in flight', manyCreates.tookMs, bare.puts.tookMs, '>= 3000/s'),
        rateRow('gets, 32 in flight', manyGets.tookMs, bare.asks.tookMs, '>= 8000/s'),
      ],
      notes: [
        cpuNote('a create', created),
        cpuNote('a get', got),
        `the first ${STORED}, while the code was still cold: ${perSecond(rate(STORED, stored.tookMs))}`,
      ],
    };
  } finally {
    await stage.stop();
  }
}

const row = (what: string, ours: readonly number[], peers: readonly number[], aim: string) => ({
  what,
  figure: spread(ours),
  peer: spread(peers),
  ratio: percentile(peers, 0.5) / percentile(ours, 0.5),
  aim,
});

const rateRow = (what: string, ours: number, peers: number, aim: string) => ({
  what,
  figure: perSecond(rate(BURST, ours)),
  peer: perSecond(rate(BURST, peers)),
  ratio: peers / ours,
  aim,
});

/** What the broker gives anybody: the limit of an api-server that did nothing. */
async function bareBroker(stage: Stage) {
  const { connection } = await stage.connect(EXTRA);
  const body = encodeMsgpack(configMapOf('bare'));
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'BARE', subjects: ['bare.put.>'], max_msgs_per_subject: 64, allow_direct: true });
  const js = jetstream(connection);
  const put = (n: number): Promise<unknown> => js.publish(`bare.put.${n}`, body);
  stage.child('responder', 'responder');
  const subject = 'bare.ask';
  const ask = (): Promise<unknown> => connection.request(subject, body, { timeout: 5_000 });
  for (let tries = 0; tries < 100; tries++) {
    const heard = await ask().then(
      () => true,
      () => false,
    );
    if (heard) break;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  await inFlight(1, 300, put);
  await inFlight(1, 300, ask);
  return {
    put: await inFlight(1, IN_SEQUENCE, (n) => put(n)),
    ask: await inFlight(1, IN_SEQUENCE, ask),
    puts: await inFlight(AT_ONCE, BURST, (n) => put(1_000_000 + n)),
    asks: await inFlight(AT_ONCE, BURST, ask),
  };
}
