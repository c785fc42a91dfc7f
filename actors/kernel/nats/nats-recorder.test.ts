import { DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from 'nats';
import { mergeMap, of } from 'rxjs';
import { catchError, map } from 'rxjs/operators';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import type { StatusError } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { addJournalStream } from '../../../test/support/journal-stream.ts';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import type { Rec } from '../contract.ts';
import { api, calls, defineActor, inbox, request } from '../declare.ts';
import { decodeSegment, type RecordedTurn, type Sealer } from '../journal/journal.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { MemoryHistory, replay } from '../replay.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { Host } from './nats-host.ts';
import { NatsRecorder, planShare } from './nats-recorder.ts';

let server: TestNatsServer;
let nc: NatsConnection;
beforeAll(async () => {
  server = await startNatsServer({ jetstream: true });
  nc = await connect({ servers: server.url });
  await addJournalStream(nc);
});
afterAll(async () => {
  await nc.close();
  await server.stop();
});

/** Enough of a cipher to see what was sealed. */
const sealer: Sealer = {
  seal: (bytes) => bytes.map((byte) => byte ^ 0x5a),
  open: (bytes) => bytes.map((byte) => byte ^ 0x5a),
  keyed: (hash) => hash.slice(8) + hash.slice(0, 8),
};

/** Relays the output of a container, or why there is none. */
const relay = defineActor({
  name: 'relay',
  hears: { applies: calls(SUBJECTS.apply) },
  says: { logs: request(SUBJECTS.nodeLogs) },
  behave: (inputs, world) =>
    inputs.applies.pipe(
      mergeMap((call) =>
        world
          .ask(world.say.logs({ node: 'n1' }, { namespace: 'default', pod: (call.decode() as { pod: string }).pod }), {
            timeoutMs: 2_000,
          })
          .pipe(
            map((answer) => world.reply(call, { lines: answer.lines.length, first: answer.lines[0]?.text })),
            catchError((error: StatusError) => of(world.reply(call, error.status))),
          ),
      ),
    ),
});

it('keeps no container output and no manifest in clear, and what it keeps plays back the same', async () => {
  const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', sealer, log: () => undefined });
  const host = new Host({
    connection: nc,
    prefix: 'troupe',
    caller: 'me',
    instance: 'one',
    inboxPrefix: '_INBOX.me',
    build: 'test',
    recorder,
    log: () => undefined,
  });
  await host.start(relay);
  nc.subscribe('troupe.node.n1.logs', {
    callback: (_error, msg) => {
      const { pod } = decodeMsgpack(msg.data) as { pod: string };
      const status = {
        kind: 'Status',
        apiVersion: 'v1',
        metadata: {},
        status: 'Failure',
        message: 'no such pod',
        reason: 'NotFound',
        code: 404,
      };
      const lines = ['PRIVATE-OUTPUT one', 'PRIVATE-OUTPUT two'].map((text) => ({ stream: 'stdout', time: '', text }));
      msg.respond(encodeMsgpack(pod === 'gone' ? status : { lines }));
    },
  });
  const ask = async (pod: string) =>
    decodeMsgpack(
      (await nc.request('troupe.apply.me._', encodeMsgpack({ kind: 'Secret', pod, note: 'PRIVATE-MANIFEST' }))).data,
    );
  expect(await ask('web')).toEqual({ lines: 2, first: 'PRIVATE-OUTPUT one' });
  expect(await ask('gone')).toMatchObject({ reason: 'NotFound' });
  await host.stop();

  const turns: RecordedTurn[] = [];
  const consumer = await jetstream(nc).consumers.get('troupe-journal', { deliver_policy: DeliverPolicy.All });
  let segment: ReturnType<typeof decodeSegment> | undefined;
  for (let left = (await consumer.info()).num_pending; left > 0; left--) {
    const message = await consumer.next();
    expect(Buffer.from(message?.data ?? []).includes('PRIVATE')).toBe(false);
    segment = decodeSegment(message?.data ?? new Uint8Array(0));
    turns.push(...segment.turns);
  }
  expect(turns.map(({ rec }) => rec.t)).toEqual(['start', 'call', 'answer', 'call', 'answer']);
  expect(replay(relay, segment!.incarnation, turns, new MemoryHistory([]), sealer)).toEqual({
    turns: 5,
    skipped: 0,
    skips: [],
  });
  expect(replay(relay, segment!.incarnation, turns, new MemoryHistory([]))).toEqual({
    turns: 1,
    skipped: 4,
    skips: [
      {
        from: 2,
        to: 5,
        turns: 4,
        why: 'sealed',
        what: expect.stringContaining("with the cluster's key it can be played"),
      },
    ],
  });
});

/** As the garbage collector patches Secrets, and as the api-server tells the readers of a watch. */
const keeper = defineActor({
  name: 'keeper',
  hears: { applies: calls(SUBJECTS.apply) },
  says: { patch: api('patch', 'secrets'), event: inbox() },
  behave: (inputs, world) =>
    inputs.applies.pipe(
      mergeMap((call) =>
        world
          .ask(world.say.patch({ namespace: 'default', name: 'db' }, {}), { timeoutMs: 2_000 })
          .pipe(
            mergeMap((secret) => [
              world.say.event('_INBOX.you.1', { type: 'MODIFIED', object: secret }),
              world.reply(call, secret),
            ]),
          ),
      ),
    ),
});

it.each(['secret-one', 'secret.two'])(
  'keeps no answer that carries a Secret in clear, nor what readers are told: prefix %s',
  async (prefix) => {
    const stream = `${prefix.replace('.', '-')}-journal`;
    await addJournalStream(nc, prefix);
    const recorder = new NatsRecorder({ connection: nc, prefix, sealer, log: () => undefined });
    const host = new Host({
      connection: nc,
      prefix,
      caller: 'me',
      instance: 'one',
      inboxPrefix: '_INBOX.me',
      build: 'test',
      recorder,
      log: () => undefined,
    });
    await host.start(keeper);
    const secret = { kind: 'Secret', metadata: { name: 'db' }, data: { password: 'PRIVATE' } };
    nc.subscribe(`${prefix}.api.me.patch.secrets.default.db`, {
      callback: (_error, msg) => void msg.respond(encodeMsgpack(secret)),
    });
    const answer = await nc.request(`${prefix}.apply.me._`, encodeMsgpack({ kind: 'Secret', note: 'PRIVATE' }));
    expect(decodeMsgpack(answer.data)).toEqual(secret);
    await host.stop();

    const turns: RecordedTurn[] = [];
    const consumer = await jetstream(nc).consumers.get(stream, { deliver_policy: DeliverPolicy.All });
    let segment: ReturnType<typeof decodeSegment> | undefined;
    for (let left = (await consumer.info()).num_pending; left > 0; left--) {
      const message = await consumer.next();
      expect(Buffer.from(message?.data ?? []).includes('PRIVATE')).toBe(false);
      segment = decodeSegment(message?.data ?? new Uint8Array(0));
      turns.push(...segment.turns);
    }
    expect(turns.map(({ rec }) => rec.t)).toEqual(['start', 'call', 'answer']);
    expect(replay(keeper, segment!.incarnation, turns, new MemoryHistory([]), sealer)).toEqual({
      turns: 3,
      skipped: 0,
      skips: [],
    });
  },
);

it.each([
  { waiting: 1, everyMs: 100, share: 5 },
  { waiting: 200, everyMs: 100, share: 5 },
  { waiting: 400, everyMs: 100, share: 10 },
  { waiting: 2_000, everyMs: 100, share: 50 },
  { waiting: 80, everyMs: 1, share: 1 },
])('of $waiting recordings that wait, $share are written every $everyMs ms', ({ waiting, everyMs, share }) => {
  expect(planShare(waiting, everyMs)).toBe(share);
});

const asker = (incarnation: number): Incarnation => ({
  self: { actor: 'asker', instance: 'one', caller: 'me', prefix: 'troupe' },
  incarnation,
  config: {},
  seed: [1, 2, 3, 4],
  window: 0,
  node: '',
  icu: '',
  build: '',
  driver: false,
});

it('a segment that is full is written at once, and none with nothing in it after it', async () => {
  const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', flushMs: 1, log: () => undefined });
  const record = (incarnation: Incarnation, size: number): void => {
    const rec: Rec = { t: 'call', id: 'c', subject: 'troupe.node.a.pods', headers: {}, body: Buffer.alloc(size) };
    recorder.record(incarnation, { n: 1, rec, now: 1, view: {}, out: [] }, []);
  };
  record(asker(1), 300_000);
  expect(recorder.stats().segments).toBe(1);
  record(asker(2), 0);
  await waitUntil('the next is written', 5_000, () => recorder.stats().segments > 1);
  await recorder.flush();
  expect(recorder.stats()).toMatchObject({ turns: 2, segments: 2 });
});

it('turns that come slowly are written slice by slice, each once and in the order in which they came', async () => {
  const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', flushMs: 1, log: () => undefined });
  const incarnation = { ...asker(1), self: { ...asker(1).self, instance: 'slices' } };
  const written: number[] = [];
  const heard = nc.subscribe(`troupe.journal.${incarnation.self.actor}.slices`, {
    callback: (_error, { data }) => void written.push(...decodeSegment(data).turns.map(({ n }) => n)),
  });
  let newest = 0;
  const record = (count: number): void => {
    for (const to = newest + count; newest < to; ) {
      const rec: Rec = { t: 'call', id: 'c', subject: 'troupe.node.a.pods', headers: {}, body: Buffer.alloc(1) };
      recorder.record(incarnation, { n: ++newest, rec, now: 1, view: {}, out: [] }, []);
    }
  };
  record(100); // three slices, and a part of one
  await waitUntil('all slices are written', 5_000, () => written.length >= 100);
  record(1);
  await waitUntil('what came after them is written', 5_000, () => written.length >= 101);
  record(40);
  await recorder.flush();
  await nc.flush();
  expect(written).toEqual(Array.from({ length: 141 }, (_, at) => at + 1));
  heard.unsubscribe();
});

it('of an incarnation that ended with a secret question open nothing is kept once another has begun', async () => {
  const nc = await connect({ servers: server.url });
  const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', log: () => undefined });
  const begin = (incarnation: number): void => {
    const said = { kind: 'request', say: 'secret', subject: 'troupe.api.me.get.secrets.a.s', body: {} } as const;
    const out = { id: '1.0', said, bytes: encodeMsgpack({}), contentType: '', timeoutMs: 1_000 } as unknown as Outgoing;
    recorder.record(asker(incarnation), { n: 1, rec: { t: 'start' }, now: 1, view: { objects: 0 }, out: [] }, [out]);
  };
  for (const incarnation of [1, 2, 3]) begin(incarnation);
  await recorder.flush();
  await recorder.flush();
  expect(recorder.stats()).toMatchObject({ turns: 3, open: 1 }); // the newest still waits for its answer
  await nc.close();
});

it('of many who stop while no broker takes their segments, one waits for it', async () => {
  const nc = await connect({ servers: server.url });
  const recorder = new NatsRecorder({ connection: nc, prefix: 'nowhere', flushWithinMs: 300, log: () => undefined });
  const record = (incarnation: Incarnation): void =>
    recorder.record(incarnation, { n: 1, rec: { t: 'start' }, now: 1, view: {}, out: [] }, []);
  const began = performance.now();
  for (let n = 1; n <= 20; n++) {
    record(asker(n));
    await recorder.flush();
  }
  expect(performance.now() - began).toBeLessThan(20 * 300);
  await addJournalStream(nc, 'nowhere');
  await waitUntil('the broker has taken one', 10_000, async () => {
    const { state } = await (await jetstreamManager(nc)).streams.info('nowhere-journal');
    return state.messages > 0;
  });
  record(asker(21));
  await recorder.flush();
  const { state } = await (await jetstreamManager(nc)).streams.info('nowhere-journal');
  expect(state.messages).toBeGreaterThan(1);
  await nc.close();
});
