import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import type { BenchOptions } from './bench-case.ts';
import { inFlight } from './drive.ts';
import { configMapOf, namespaceOf } from './objects.ts';
import { cpuMeter, cpuNote } from './process-figures.ts';
import { percentile, perSecond, type Report, rate, spread } from './report.ts';
import { EXTRA, type Stage, startStage } from './stage.ts';
import { sized } from './tiny.ts';

const NAMESPACE = 'bench-api';
export const STORED = sized(10_000, 50);
/** Requests before the measurement, until the code is as warm as that of a master that has run for a while. */
export const WARM = sized(2_000, 10);
export const IN_SEQUENCE = sized(10_000, 50);
/** Samples per p99 in the notes, which shows how the machine's speed varies. */
const ROUND = sized(2_000, 25);
const WARM_BARE = sized(300, 5);
export const AT_ONCE = 32;
export const BURST = sized(12_000, 100);

/**
 * The api-server with 10,000 objects stored, compared with the bare broker on the same server in the same run. Requests in parallel
 * and in sequence use a fresh master each, so that neither starts with the other's objects.
 */
export async function benchApi(options: BenchOptions): Promise<Report> {
  const many = await withObjects(options, async ({ stage: { pids }, create, get, storing }) => {
    const creating = cpuMeter(pids);
    const creates = await inFlight(AT_ONCE, BURST, (n) => create(`many-${n}`));
    const created = creating(BURST);
    const getting = cpuMeter(pids);
    const gets = await inFlight(AT_ONCE, BURST, (n) => get(`stored-${(n * 7) % STORED}`));
    return { creates, created, gets, got: getting(BURST), storing };
  });
  const one = await withObjects(options, async ({ stage, create, get }) => {
    await inFlight(1, WARM, (n) => create(`warm-${n}`));
    const creates = await inFlight(1, IN_SEQUENCE, (n) => create(`one-${n}`));
    await inFlight(1, WARM, (n) => get(`stored-${n}`));
    const gets = await inFlight(1, IN_SEQUENCE, (n) => get(`stored-${(n * 7) % STORED}`));
    return { creates: creates.samples, gets: gets.samples, bare: await bareBroker(stage) };
  });
  const { bare } = one;
  return {
    title: `api: ${STORED} objects of 1.1 KB stored; the peer is the bare broker: a KV put, a request answered by a plain responder`,
    rows: [
      row('create, one at a time', one.creates, bare.put.samples, 'p50 < 1 ms, p99 < 3 ms'),
      row('get, one at a time', one.gets, bare.ask.samples, 'p50 < 0.6 ms'),
      rateRow('creates, 32 in flight', many.creates.tookMs, bare.puts.tookMs, '>= 3000/s'),
      rateRow('gets, 32 in flight', many.gets.tookMs, bare.asks.tookMs, '>= 8000/s'),
    ],
    notes: [
      `p99 of each ${ROUND}: ${rounds('create', one.creates)}; ${rounds('get', one.gets)}`,
      cpuNote('a create', many.created),
      cpuNote('a get', many.got),
      `the first ${STORED}, while the code was still cold: ${perSecond(rate(STORED, many.storing.tookMs))}`,
    ],
  };
}

interface Stored {
  readonly stage: Stage;
  readonly create: (name: string) => Promise<unknown>;
  readonly get: (name: string) => Promise<unknown>;
  /** How long storing the objects took. */
  readonly storing: { readonly tookMs: number };
}

/** Runs `act` with a master of its own that has stored the objects. */
async function withObjects<T>(options: BenchOptions, act: (stored: Stored) => Promise<T>): Promise<T> {
  const stage = await startStage({ profile: options.profile });
  try {
    const { client } = stage;
    await client.create('namespaces', undefined, namespaceOf(NAMESPACE));
    const create = (name: string): Promise<unknown> => client.create('configmaps', NAMESPACE, configMapOf(name));
    const get = (name: string): Promise<unknown> => client.get('configmaps', { namespace: NAMESPACE, name });
    const storing = await inFlight(AT_ONCE, STORED, (n) => create(`stored-${n}`));
    return await act({ stage, create, get, storing });
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

function rounds(what: string, samples: readonly number[]): string {
  const each = Array.from({ length: samples.length / ROUND }, (_, at) => samples.slice(at * ROUND, (at + 1) * ROUND));
  return `${what} ${each.map((round) => percentile(round, 0.99).toFixed(2)).join(', ')} ms`;
}

const rateRow = (what: string, ours: number, peers: number, aim: string) => ({
  what,
  figure: perSecond(rate(BURST, ours)),
  peer: perSecond(rate(BURST, peers)),
  ratio: peers / ours,
  aim,
});

/** Figures of the bare broker: the limit for an api-server that does no work. */
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
  await inFlight(1, WARM_BARE, put);
  await inFlight(1, WARM_BARE, ask);
  return {
    put: await inFlight(1, IN_SEQUENCE, (n) => put(n)),
    ask: await inFlight(1, IN_SEQUENCE, ask),
    puts: await inFlight(AT_ONCE, BURST, (n) => put(1_000_000 + n)),
    asks: await inFlight(AT_ONCE, BURST, ask),
  };
}
