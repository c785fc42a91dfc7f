import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { Kvm } from '@nats-io/kv';
import { connect, type Msg, type NatsConnection } from 'nats';
import { concatMap, forkJoin, from, ignoreElements, map, merge, mergeMap, type Observable, of } from 'rxjs';
import { catchError } from 'rxjs/operators';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decode, decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { testHost } from '../../../test/support/test-host.ts';
import type { Call, World } from '../contract.ts';
import { api, type CallsDecl, calls, defineActor, defineDriver, port, publish, request, watch } from '../declare.ts';
import { Cache } from '../view/cache.ts';
import type { Host, HostOptions } from './nats-host.ts';

let server: TestNatsServer;
const connections: NatsConnection[] = [];
const hosts: Host[] = [];
const logs: string[] = [];

beforeAll(async () => {
  server = await startNatsServer({ jetstream: true });
});
afterAll(async () => {
  for (const host of hosts) await host.stop();
  for (const connection of connections) await connection.close();
  await server.stop();
});

async function connection(): Promise<NatsConnection> {
  const nc = await connect({ servers: server.url });
  connections.push(nc);
  return nc;
}
async function host(instance: string, extra: Partial<HostOptions> = {}): Promise<Host> {
  const made = testHost({ connection: await connection(), instance, log: (line) => logs.push(line), ...extra });
  hosts.push(made);
  return made;
}

type Ports = { double: [{ n: number }, { n: number }] };
/** The part of a micro service's own account that is looked at. */
interface ServiceStats {
  readonly endpoints: readonly {
    readonly name: string;
    readonly num_errors: number;
    readonly processing_time: number;
    readonly average_processing_time: number;
    readonly data: unknown;
  }[];
}
/** A driver that doubles numbers, in a way of its own. */
const doublingBy = (double: (question: { n: number }) => Promise<{ n: number }>) =>
  defineDriver({ name: 'doubler', hears: {}, says: {}, run: async () => ({ handlers: {}, ports: { double } }) });
const doubler = doublingBy(async ({ n }) => {
  if (n < 0) throw statusError('Invalid', `double ${n}: must not be negative`);
  return { n: n * 2 };
});
/** An actor that answers each question at once. */
const answering = (
  name: string,
  answer: (call: Call, world: World<unknown>) => unknown,
  { singleton = false, ...heard }: Pick<CallsDecl, 'bytesMax'> & { readonly singleton?: boolean } = {},
) =>
  defineActor({
    name,
    singleton,
    hears: { applies: calls(SUBJECTS.apply, heard) },
    says: {},
    behave: ({ applies }, world) => applies.pipe(map((call) => world.reply(call, answer(call as Call, world)))),
  });
/** A client's questions to what answers there, and their answers, whatever they are written in. */
async function questionsTo(prefix: string, client?: NatsConnection) {
  const nc = client ?? (await connection());
  return async <A = unknown>(body: Uint8Array | string = '') =>
    decode((await nc.request(`${prefix}.apply.me._`, body, { timeout: 5_000 })).data) as A;
}
const echo = defineActor({
  name: 'echo',
  hears: { applies: calls(SUBJECTS.apply, { queue: true, all: true }) },
  says: {
    double: port<Ports, 'double'>('doubler', 'double'),
    nowhere: api('get', 'pods'),
    outcome: publish(SUBJECTS.outcome),
  },
  behave: (inputs, world) =>
    inputs.applies.pipe(
      mergeMap((call) => {
        if (call.tokens === undefined)
          return of(world.reply(call, statusError('BadRequest', 'not of the grammar').status));
        const { n, withinMs: timeoutMs = 10_000 } = call.decode() as { n: number; withinMs?: number };
        const answer$: Observable<unknown> =
          n === 404
            ? world.ask(world.say.nowhere({ name: 'x' }), { timeoutMs })
            : world.ask(world.say.double({ n }), { timeoutMs });
        return answer$.pipe(
          concatMap((body) => from([world.reply(call, body), world.say.outcome({ caller: 'me' }, body)])),
          catchError((error: StatusError) => of(world.reply(call, error.status))),
        );
      }),
    ),
});

/*
 * A node may answer what it hears, so the broker lets it write into whatever inbox it can name: it must not learn one in
 * which it could answer what others were asked.
 */
it('who answers for a node can name no address of another question', async () => {
  const asking = defineActor({
    name: 'asking',
    hears: { orders: calls(SUBJECTS.apply, { fixed: { caller: 'asking' } }) },
    says: { logs: request(SUBJECTS.nodeLogs, { node: 'n1' }), pod: api('get', 'pods') },
    behave: (inputs, world) =>
      inputs.orders.pipe(
        mergeMap((call) => {
          const pod = world.ask(world.say.pod({ name: 'p' }), { timeoutMs: 5_000 });
          const logs = world.ask(world.say.logs({}, { namespace: 'a', pod: 'p' }), { timeoutMs: 5_000 });
          const more = world.ask(world.say.logs({}, { namespace: 'b', pod: 'p' }), { timeoutMs: 5_000 });
          return forkJoin([pod, logs, more]).pipe(map((answers) => world.reply(call, answers)));
        }),
      ),
  });
  await (await host('asking')).start(asking);
  const node = await connection();
  const addresses: string[] = [];
  node.subscribe('troupe.node.n1.logs', { callback: (_error, msg) => void addresses.push(msg.reply ?? '') });
  const server = await connection();
  const questions: Msg[] = [];
  server.subscribe('troupe.api.system.get.pods.>', { callback: (_error, msg) => void questions.push(msg) });
  await Promise.all([node.flush(), server.flush()]);
  const answered = node.request('troupe.apply.asking._', '{}', { timeout: 10_000 });
  await vi.waitFor(() => expect([addresses.length, questions.length]).toEqual([2, 1]));
  const beginning = (address: string | undefined) => address?.slice(0, address.lastIndexOf('.'));
  const end = (address: string | undefined) => address?.slice(address.lastIndexOf('.') + 1) ?? '';
  expect(beginning(questions[0]?.reply)).not.toBe(beginning(addresses[0]));
  for (const address of addresses) expect(end(address)).toMatch(/^.{20,}$/);
  for (const address of addresses) {
    for (let serial = 0; serial < 100; serial++) {
      for (const tail of ['', end(address).slice(1), end(address).slice(2)]) {
        const other = `${beginning(address)}.${serial.toString(36)}${tail}`;
        if (!addresses.includes(other)) node.publish(other, encodeMsgpack({ forged: true }));
      }
    }
  }
  await node.flush();
  questions[0]?.respond(encodeMsgpack({ true: 1 }));
  for (const address of addresses) node.publish(address, encodeMsgpack({ true: 2 }));
  expect((await answered).json()).toEqual([{ true: 1 }, { true: 2 }, { true: 2 }]);
  await Promise.all([node.close(), server.close()]);
});

it('hosts actors and drivers: questions over subjects and ports, refusals, no responders, micro services', async () => {
  const one = await host('one');
  await one.startDriver(doubler);
  await one.start(echo);
  const client = await connection();
  const outcomes: unknown[] = [];
  client.subscribe('troupe.outcome.me', { callback: (_error, msg) => void outcomes.push(decodeMsgpack(msg.data)) });
  const ask = async (body: unknown, subject = 'troupe.apply.me._') => {
    const reply = await client.request(subject, encodeMsgpack(body), { timeout: 5_000 });
    return { body: decodeMsgpack(reply.data), from: reply.headers?.get('Troupe-From') };
  };
  expect(await ask({ n: 21 })).toEqual({ body: { n: 42 }, from: 'echo/one' });
  expect((await ask({ n: -1 })).body).toMatchObject({ reason: 'Invalid', message: 'double -1: must not be negative' });
  expect((await ask({ n: 404 })).body).toMatchObject({
    reason: 'ServiceUnavailable',
    message: expect.stringMatching(/^no api-server is listening on/),
  });
  expect((await ask({}, 'troupe.apply.too.many.tokens')).body).toMatchObject({ reason: 'BadRequest' });
  const json = await client.request('troupe.apply.me._', '{"n":1}', { timeout: 5_000 });
  expect(json.string()).toBe('{"n":2}');
  await vi.waitFor(() => expect(outcomes).toEqual([{ n: 42 }, { n: 2 }]), { timeout: 5_000 });
  const stats = await client.request('$SRV.STATS.echo', '', { timeout: 5_000 });
  const applies = stats.json<ServiceStats>().endpoints.find(({ name }) => name === 'applies');
  expect(applies).toMatchObject({
    queue_group: 'echo',
    num_requests: 5,
    num_errors: 3,
    last_error: 'not of the grammar',
    average_processing_time: Math.round((applies?.processing_time ?? 0) / 5),
  });
  expect(applies?.average_processing_time).toBeGreaterThan(0);
  const status = await client.request('troupe.actor.echo.one.status', '', { timeout: 5_000 });
  const account = { actor: 'echo', instance: 'one', queueDepth: 0, openAsks: 0, answered: 5, errors: 3 };
  expect(status.json()).toMatchObject(account);
  expect(applies?.data).toMatchObject(account);
  const driver = await client.request('troupe.actor.doubler.one.status', '', { timeout: 5_000 });
  expect(driver.json()).toMatchObject({ turns: 3, queueDepth: 0, answered: 3, errors: 1 });
});

it('a failing behaviour restarts its actor alone, and a promise in a pipeline stops it', async () => {
  const escalated: string[] = [];
  const fragile = await host('fragile', {
    prefix: 'fragile',
    onEscalation: ({ actor, stopped }) => void escalated.push(`${actor} ${stopped ? 'stopped' : 'fails'}`),
  });
  await fragile.start(
    defineActor({
      name: 'fragile',
      hears: { applies: calls(SUBJECTS.apply) },
      says: {},
      behave: (inputs, world) =>
        merge(
          inputs.applies.pipe(
            concatMap((call) => {
              const body = (call.decode() as { say: string }).say;
              if (body === 'throw') throw new Error('deliberate');
              return body === 'promise'
                ? (Promise.resolve(world.reply(call, 'late')) as never)
                : of(world.reply(call, { said: body }));
            }),
          ),
        ),
    }),
  );
  const client = await connection();
  const ask = await questionsTo('fragile', client);
  const say = (text: string): Uint8Array => encodeMsgpack({ say: text });
  const send = (text: string) => client.publish('fragile.apply.me._', say(text));
  expect(await ask(say('hello'))).toEqual({ said: 'hello' });
  send('throw');
  await vi.waitFor(async () => expect(await ask(say('again'))).toEqual({ said: 'again' }), { timeout: 5_000 });
  send('promise');
  await vi.waitFor(() => expect(escalated).toEqual(['fragile stopped']), { timeout: 5_000 });
  expect(logs.join('\n')).toMatch(
    /actor fragile, turn \d+: said reply outside a turn .* in operator mergeMap\/concatMap/,
  );
});

it('a full inbox answers 429, and the next question is served', async () => {
  const busy = await host('busy', { prefix: 'busy', inboxMax: 10 });
  await busy.start(answering('busy', () => ({ done: true })));
  const ask = await questionsTo('busy');
  await ask();
  const answers = await Promise.all(Array.from({ length: 200 }, () => ask<{ done?: boolean; code?: number }>()));
  const refused = answers.filter(({ code }) => code === 429).length;
  expect(refused).toBeGreaterThan(0);
  expect(answers.filter(({ done }) => done === true).length).toBe(200 - refused);
  expect(await ask()).toEqual({ done: true });
});

it('a question with more bytes than are taken is refused in its own encoding, and is no turn of the actor', async () => {
  const narrow = await host('narrow', { prefix: 'narrow' });
  const heard: number[] = [];
  const hear = ({ bytes }: Call) => ({ done: heard.push(bytes.length) > 0 });
  await narrow.start(answering('narrow', hear, { bytesMax: 20 }));
  const client = await connection();
  const ask = await questionsTo('narrow', client);
  const refusal = (bytes: number) => ({
    code: 413,
    reason: 'RequestEntityTooLarge',
    message: `narrow.apply.me._: the message has ${bytes} bytes; the limit is 20`,
  });
  expect(await ask('{"nineteen":"bytes"}')).toEqual({ done: true });
  expect(await ask('{"twenty-one":"bytes"}')).toMatchObject(refusal(22));
  expect(await ask(encodeMsgpack({ text: 'x'.repeat(20) }))).toMatchObject(refusal(27));
  client.publish('narrow.apply.me._', 'x'.repeat(21)); // nobody awaits its refusal
  expect(await ask('{}')).toEqual({ done: true });
  expect(heard).toEqual([20, 2]);
});

it('what an actor cannot use while a cell is not set is no turn of it', async () => {
  const listener = await host('listener', { prefix: 'listener' });
  const heard: string[] = [];
  await listener.start(
    defineActor({
      name: 'listener',
      hears: {
        applies: calls(SUBJECTS.apply),
        outcomes: calls(SUBJECTS.outcome, { whileSet: 'listens' }),
      },
      says: {},
      behave: (inputs, world) => {
        const listens = world.cell<boolean>('listens', false);
        const switched = inputs.applies.pipe(
          map((call) => {
            if (listens.get()) listens.drop();
            else listens.set(true);
            return world.reply(call, { heard: [...heard] });
          }),
        );
        const outcomes = inputs.outcomes.pipe(
          mergeMap((call) => {
            heard.push(call.subject);
            return [];
          }),
        );
        return merge(switched, outcomes);
      },
    }),
  );
  const client = await connection();
  const flip = async () =>
    (await client.request('listener.apply.me._', '', { timeout: 5_000 })).json<{ heard: string[] }>().heard;
  client.publish('listener.outcome.one', '{}');
  expect(await flip()).toEqual([]);
  client.publish('listener.outcome.two', '{}');
  expect(await flip()).toEqual(['listener.outcome.two']);
  client.publish('listener.outcome.three', '{}');
  expect(await flip()).toEqual(['listener.outcome.two']);
});

it('a driver that never answers a port is not waited for for ever', async () => {
  const deaf = await host('deaf', { prefix: 'deaf' });
  await deaf.startDriver(doublingBy(() => new Promise(() => undefined)));
  await deaf.start(echo);
  const ask = await questionsTo('deaf');
  expect(await ask(encodeMsgpack({ n: 1, withinMs: 50 }))).toMatchObject({ reason: 'Timeout' });
});

it('a driver in the same process is waited for while the connection comes back: no broker lost its answer', async () => {
  const proxy = await startTcpProxy(server.port);
  const through = await connect({ servers: `nats://127.0.0.1:${proxy.port}`, reconnectTimeWait: 50 });
  connections.push(through);
  const local = await host('local', { prefix: 'local', connection: through });
  const slow: { answer?: (value: { n: number }) => void } = {};
  await local.startDriver(doublingBy(() => new Promise((resolve) => (slow.answer = resolve))));
  const told: unknown[] = [];
  await local.start(
    defineActor({
      name: 'patient',
      hears: { applies: calls(SUBJECTS.apply) },
      says: { double: port<Ports, 'double'>('doubler', 'double'), outcome: publish(SUBJECTS.outcome) },
      behave: (inputs, world) =>
        inputs.applies.pipe(
          mergeMap(() => world.ask(world.say.double({ n: 1 }), { timeoutMs: 10_000 })),
          catchError((error: StatusError) => of(error.status)),
          map((body) => world.say.outcome({ caller: 'me' }, body)),
        ),
    }),
  );
  const client = await connection();
  client.subscribe('local.outcome.me', { callback: (_error, msg) => void told.push(decodeMsgpack(msg.data)) });
  client.publish('local.apply.me._', '');
  await vi.waitFor(() => expect(slow.answer).toBeDefined(), { timeout: 5_000 });
  proxy.cut();
  await vi.waitFor(() => through.flush(), { timeout: 5_000 });
  const givenUp = vi.waitFor(() => expect(told).not.toEqual([]), { timeout: 2_000 });
  await expect(givenUp).rejects.toThrow();
  slow.answer?.({ n: 2 });
  await vi.waitFor(() => expect(told).toEqual([{ n: 2 }]), { timeout: 5_000 });
  await proxy.close();
});

it('what it has started can be reached by others', async () => {
  const proxy = await startTcpProxy(server.port);
  const behind = await connect({ servers: `nats://127.0.0.1:${proxy.port}` });
  connections.push(behind);
  const slow = await host('slow', { prefix: 'slow', connection: behind });
  const ask = await questionsTo('slow');
  const question = encodeMsgpack({ n: 404 });
  for (const start of [() => slow.startDriver(doubler), () => slow.start(echo)]) {
    proxy.freeze();
    let started = false;
    const starting = start().then(() => {
      started = true;
    });
    await expect(ask(question)).rejects.toThrow(/no responders/i);
    expect(started).toBe(false);
    proxy.thaw();
    await starting;
  }
  expect(await ask(question)).toMatchObject({ reason: 'ServiceUnavailable' });
  await proxy.close();
});

it('a driver leaves nothing behind of questions that were answered, and is told when it stops in the middle of one', async () => {
  const asking = await host('asking', { prefix: 'asking' });
  const client = await connection();
  client.subscribe('asking.api.system.get.secrets._.x', {
    callback: (_error, msg) => void msg.respond(encodeMsgpack({})),
  });
  client.subscribe('asking.api.system.get.secrets._.silent', { callback: () => undefined });
  await client.flush();
  const warnings: string[] = [];
  const warned = (warning: Error): void => void warnings.push(warning.message);
  process.on('warning', warned);
  const done: { asked?: number; failed?: unknown } = {};
  const running = await asking.startDriver(
    defineDriver({
      name: 'asker',
      hears: {},
      says: { secret: api('get', 'secrets') },
      run: async (context) => {
        const get = (name: string) => context.ask(context.say.secret({ name }), { timeoutMs: 5_000 });
        void (async () => {
          for (let n = 1; n <= 30; n++) {
            await get('x');
            done.asked = n;
          }
          await get('silent').catch((error: unknown) => (done.failed = error));
        })();
        return { handlers: {} };
      },
    }),
  );
  await vi.waitFor(() => expect(done.asked).toBe(30), { timeout: 5_000 });
  await running.stop();
  await vi.waitFor(() => expect(done.failed).toMatchObject({ reason: 'ServiceUnavailable' }), { timeout: 5_000 });
  process.off('warning', warned);
  expect(warnings).toEqual([]);
});

it('when the cache was listed anew, who watches begins anew from what is; who does not goes on', async () => {
  const cache = new Cache({ freeze: true });
  const listing = await host('listing', { prefix: 'listing', cache });
  const told: unknown[] = [];
  const client = await connection();
  client.subscribe('listing.outcome.*', {
    callback: (_error, msg) => void told.push([msg.headers?.get('Troupe-From'), decodeMsgpack(msg.data)]),
  });
  await client.flush(); // the actor speaks on another connection
  const pod = (name: string) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'default' } });
  const write = (revision: number, name: string) =>
    cache.apply({ key: storeKey('pods', 'default', name), revision, object: pod(name) });
  write(1, 'a');
  await listing.start(
    defineActor({
      name: 'watcher',
      hears: { pods: watch('pods') },
      says: { outcome: publish(SUBJECTS.outcome) },
      behave: (inputs, world) =>
        inputs.pods.pipe(
          map((changes) =>
            world.say.outcome(
              { caller: 'x' },
              changes.map(({ name, before }) => [name, before !== undefined]),
            ),
          ),
        ),
    }),
  );
  await vi.waitFor(() => expect(told).toEqual([['watcher/listing', [['a', false]]]]), { timeout: 5_000 });
  listing.changed(write(2, 'a'));
  await vi.waitFor(() => expect(told.at(-1)).toEqual(['watcher/listing', [['a', true]]]), { timeout: 5_000 });
  write(3, 'b');
  listing.relisted();
  const anew = [
    ['a', false],
    ['b', false],
  ];
  await vi.waitFor(() => expect(told.at(-1)).toEqual(['watcher/listing', anew]), { timeout: 5_000 });
});

/** So long that a busy machine loses no lease, which would cost an epoch more than is counted. */
const TTL_MS = 6_000;

it('one instance of a singleton acts; when it stops another takes over with a higher epoch', async () => {
  const nc = await connection();
  const names = bucketNames('solo');
  await new Kvm(jetstream(nc)).create(names.leases, { history: 1, ttl: TTL_MS });
  await new Kvm(jetstream(nc)).create(names.objects, { history: 64 });
  const singleton = answering('solo', (_, { self }) => [self.instance, self.epoch], { singleton: true });
  const lease = { prefix: 'solo', ttlMs: TTL_MS, reached: async () => undefined };
  const first = await (await host('first', { prefix: 'solo', lease })).start(singleton);
  const actsOn = (instance: string): Promise<number> =>
    vi.waitFor(
      async () => {
        const answer = await nc.request('solo.apply.me._', '', { timeout: 1_000 });
        const [who, epoch] = answer.json<[string, number]>();
        expect(who).toBe(instance);
        return epoch;
      },
      { timeout: 10_000 },
    );
  const epoch = await actsOn('first');
  await (await host('second', { prefix: 'solo', lease })).start(singleton);
  await first.stop();
  expect(await actsOn('second')).toBeGreaterThan(epoch);
  expect((await (await jetstreamManager(nc)).streams.info(`KV_${names.objects}`)).state.messages).toBe(2);
});

it('who wants to hear that it is stopped hears it last, and what it was asked before is answered', async () => {
  const nc = await connection();
  const questions: Msg[] = [];
  nc.subscribe('polite.api.system.get.secrets._.x', { callback: (_error, msg) => void questions.push(msg) });
  const goodbye = nc.subscribe('polite.outcome.*', { max: 1 });
  await nc.flush();
  const polite = defineActor({
    name: 'polite',
    hears: { applies: calls(SUBJECTS.apply), stopping: calls(SUBJECTS.stopping, { fixed: { instance: 'p' } }) },
    says: { secret: api('get', 'secrets'), tell: publish(SUBJECTS.outcome) },
    behave: (inputs, world) =>
      merge(
        inputs.applies.pipe(
          mergeMap((call) =>
            world
              .ask(world.say.secret({ name: 'x' }), { timeoutMs: 10_000 })
              .pipe(map((body) => world.reply(call, body))),
          ),
        ),
        inputs.stopping.pipe(map(() => world.say.tell({ caller: 'all' }, {}))),
      ),
  });
  const stopped = await host('p', { prefix: 'polite' });
  await stopped.start(polite);
  await stopped.connection.flush();
  nc.publish('polite.stopping.p', '{}'); // nobody says that in its stead
  const answer = nc.request('polite.apply.me._', '', { timeout: 5_000 });
  await vi.waitFor(() => expect(questions).toHaveLength(1), { timeout: 5_000 });
  expect(goodbye.getReceived()).toBe(0);
  const stopping = stopped.stop();
  await vi.waitFor(() => expect(goodbye.getReceived()).toBe(1), { timeout: 5_000 });
  await expect(nc.request('polite.apply.me._', '', { timeout: 5_000 })).rejects.toThrow(/no responders/);
  questions[0]?.respond(encodeMsgpack({ kind: 'Secret' }));
  await stopping;
  expect((await answer).json()).toEqual({ kind: 'Secret' });
});

it('news of its own process reaches an actor whose inbox has room for nobody', async () => {
  const proxy = await startTcpProxy(server.port);
  const through = await connect({ servers: `nats://127.0.0.1:${proxy.port}`, reconnectTimeWait: 50 });
  connections.push(through);
  const nc = await connection();
  const told: string[] = [];
  nc.subscribe('full.outcome.*', { callback: (_error, { subject }) => void told.push(subject) });
  await nc.flush();
  const full = await host('f', { prefix: 'full', connection: through, inboxMax: 0 });
  await full.start(
    defineActor({
      name: 'full',
      hears: {
        applies: calls(SUBJECTS.apply),
        back: calls(SUBJECTS.reconnected, { fixed: { instance: 'f' } }),
        stopping: calls(SUBJECTS.stopping, { fixed: { instance: 'f' } }),
      },
      says: { tell: publish(SUBJECTS.outcome) },
      behave: (inputs, world) =>
        merge(
          inputs.applies.pipe(map((call) => world.reply(call, {}))),
          inputs.back.pipe(map(() => world.say.tell({ caller: 'back' }, {}))),
          inputs.stopping.pipe(map(() => world.say.tell({ caller: 'stopping' }, {}))),
        ),
    }),
  );
  await through.flush();
  expect((await nc.request('full.apply.me._', '', { timeout: 5_000 })).json()).toMatchObject({ code: 429 });
  proxy.cut();
  await vi.waitFor(() => expect(told).toEqual(['full.outcome.back']), { timeout: 5_000 });
  await full.stop();
  await vi.waitFor(() => expect(told).toEqual(['full.outcome.back', 'full.outcome.stopping']), { timeout: 5_000 });
  await proxy.close();
});

it('a singleton begins under no epoch while the store must not be written to, and anew when it hears of a newer one', async () => {
  const nc = await connection();
  const names = bucketNames('fenced');
  await new Kvm(jetstream(nc)).create(names.leases, { history: 1, ttl: TTL_MS });
  const objects = await new Kvm(jetstream(nc)).create(names.objects, { history: 64 });
  const singleton = answering('fenced', (_, { self }) => self.epoch ?? 0, { singleton: true });
  let wentBack = true;
  let asked = 0;
  let newest = 0;
  const lease = {
    prefix: 'fenced',
    ttlMs: TTL_MS,
    reached: async () => undefined,
    newestEpoch: () => newest,
    mayWrite: () => {
      asked += 1;
      if (wentBack) throw new Error('the store went back in time');
    },
  };
  const epochOf = async () => (await nc.request('fenced.apply.me._', '', { timeout: 1_000 })).json<number>();
  const running = await (await host('only', { prefix: 'fenced', lease })).start(singleton);
  await vi.waitFor(() => expect(asked).toBeGreaterThan(1), { timeout: 5_000 });
  expect((await objects.status()).values).toBe(0);
  wentBack = false;
  await vi.waitFor(async () => expect(await epochOf()).toBe(1), { timeout: 10_000 });
  newest = await objects.put(storeKey('epochs', undefined, 'fenced'), '{}'); // by whomever
  await vi.waitFor(async () => expect(await epochOf()).toBe(3), { timeout: 10_000 });
  await running.stop();
});

it('an acknowledgement that arrives with the change is heard and answered before anybody looks at what changed', async () => {
  const cache = new Cache();
  const turns: string[] = [];
  const told = await host('one', {
    cache,
    recorder: {
      record: ({ self }, { rec }) => void turns.push(`${self.actor} ${rec.t}`),
      flush: async () => undefined,
    },
  });
  const revision = 1;
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a', namespace: 'default' } };
  await told.startDriver(
    doublingBy(async ({ n }) => {
      told.changed(cache.apply({ key: storeKey('pods', 'default', 'a'), revision, object }));
      return { n };
    }),
  );
  await told.start(
    defineActor({
      name: 'onlooker',
      hears: { pods: watch('pods') },
      says: {},
      behave: ({ pods }) => pods.pipe(ignoreElements()),
    }),
  );
  await told.start(
    defineActor({
      name: 'writer',
      hears: { orders: calls(SUBJECTS.apply, { fixed: { caller: 'writer' } }), pods: watch('pods') },
      says: { put: port<Ports, 'double'>('doubler', 'double') },
      behave: ({ orders, pods }, world) =>
        merge(
          pods.pipe(ignoreElements()),
          orders.pipe(
            mergeMap((call) =>
              world.ask(world.say.put({ n: 1 }), { timeoutMs: 5_000 }).pipe(map((body) => world.reply(call, body))),
            ),
          ),
        ),
    }),
  );
  await vi.waitFor(() => expect(turns).toHaveLength(2), { timeout: 5_000 });
  const nc = await connection();
  await nc.request('troupe.apply.writer.default', encodeMsgpack({}), { timeout: 5_000 });
  await vi.waitFor(() => expect(turns).toHaveLength(6), { timeout: 5_000 });
  expect(turns.slice(2)).toEqual(['writer call', 'writer answer', 'onlooker change', 'writer change']);
});
