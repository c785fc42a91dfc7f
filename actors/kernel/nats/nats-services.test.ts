import { connect, type NatsConnection } from 'nats';
import { EMPTY, ignoreElements, map, merge, tap } from 'rxjs';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeMsgpack, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { calls, defineActor, defineDriver } from '../declare.ts';
import type { Host } from './nats-host.ts';

/*
 * Goal: nothing that anybody sends keeps an actor from giving account of itself, let alone ends its process.
 * Method: a real nats-server with the usual limits. A promise that nobody awaits and that rejects fails this file.
 */

let server: TestNatsServer;
let client: NatsConnection;
let host: Host;

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
  client = await connect({ servers: server.url });
  host = testHost({ connection: await connect({ servers: server.url }) });
});
afterAll(async () => {
  await host.stop();
  await host.connection.close();
  await client.close();
  await server.stop();
});

const ask = async (subject: string, body: Uint8Array | string = '') =>
  (await client.request(subject, body, { timeout: 10_000 })).json<Record<string, unknown>>();

interface Stats {
  readonly endpoints: readonly { readonly name: string; readonly last_error?: string; readonly num_errors: number }[];
}

it('a refusal that quotes much of what was sent is shown cut, and the actor goes on', async () => {
  await host.start(
    defineActor({
      name: 'quoting',
      hears: { applies: calls(SUBJECTS.apply) },
      says: {},
      behave: (inputs, world) =>
        inputs.applies.pipe(
          map((call) => {
            const [name] = Object.keys(call.decode() as object);
            return world.reply(call, failure('BadRequest', `unknown option "${name}"`));
          }),
        ),
    }),
  );
  const option = '\u0001'.repeat(1_450_000); // six bytes each in JSON: more than the server takes
  await client.request('troupe.apply.me._', encodeMsgpack({ [option]: 1 }), { timeout: 10_000 });
  const stats = (await ask('$SRV.STATS.quoting')) as unknown as Stats;
  const applies = stats.endpoints.find(({ name }) => name === 'applies');
  expect(applies).toMatchObject({ num_errors: 1, last_error: 'unknown option " …' });
  expect(await ask('$SRV.INFO.quoting')).toMatchObject({ name: 'quoting' });
  await client.request('troupe.apply.me._', encodeMsgpack({ x: 1 }), { timeout: 10_000 });
  expect(await ask('$SRV.STATS.quoting')).toMatchObject({
    endpoints: expect.arrayContaining([expect.objectContaining({ last_error: 'unknown option "x"' })]),
  });
});

it('an answer that is larger than the server takes counts as the refusal that its asker gets', async () => {
  const large = { text: 'x'.repeat(9_000_000) };
  await host.start(
    defineActor({
      name: 'lavish',
      hears: { asks: calls(SUBJECTS.api) },
      says: {},
      behave: (inputs, world) => inputs.asks.pipe(map((call) => world.reply(call, large))),
    }),
  );
  const answer = await client.request('troupe.api.me.get.pods.default.a', encodeMsgpack({}), { timeout: 10_000 });
  expect(decodeMsgpack(answer.data)).toMatchObject({ kind: 'Status', code: 413 });
  expect(await ask('$SRV.STATS.lavish')).toMatchObject({
    endpoints: expect.arrayContaining([
      expect.objectContaining({
        name: 'asks',
        num_errors: 1,
        last_error: expect.stringMatching(/more than the server takes/),
      }),
    ]),
  });
  expect(await ask('troupe.actor.lavish.one.status')).toMatchObject({ answered: 1, errors: 1 });
});

it('an account that is larger than the server takes is answered with a refusal', async () => {
  const account = { alarm: 'x'.repeat(9_000_000) };
  await host.startDriver(
    defineDriver({
      name: 'boundless',
      hears: {},
      says: {},
      run: async () => ({ handlers: {}, account: () => account }),
    }),
  );
  const refusal = { kind: 'Status', reason: 'InternalError' };
  for (const subject of ['$SRV.STATS.boundless', 'troupe.actor.boundless.one.status']) {
    expect(await ask(subject)).toMatchObject({
      ...refusal,
      message: expect.stringMatching(/^answer .*max_payload/),
    });
  }
  account.alarm = 'little';
  expect(await ask('$SRV.STATS.boundless')).toMatchObject({ name: 'boundless' });
  expect(await ask('troupe.actor.boundless.one.status')).toMatchObject({ lastError: 'little' });
});

it('that a reader of a watch is gone is no warning; that anybody else is, is one', async () => {
  const log: string[] = [];
  const connection = await connect({ servers: server.url });
  const watching = testHost({ connection, log: (line) => log.push(line) });
  const heard: string[] = [];
  await watching.start(
    defineActor({
      name: 'watched',
      hears: { acknowledged: calls(SUBJECTS.watchAck, { fixed: { instance: 'one' } }), asks: calls(SUBJECTS.api) },
      says: {},
      behave: (inputs) =>
        merge(inputs.acknowledged, inputs.asks).pipe(
          tap(({ subject }) => heard.push(subject)),
          ignoreElements(),
        ),
    }),
  );
  connection.publish('_INBOX.gone', '{}', { reply: 'troupe.watch.me.one.a' });
  connection.publish('_INBOX.gone', '{}', { reply: 'troupe.api.me.get.pods.a.b' });
  connection.publish('troupe.watch.me.one.b', '{}');
  await vi.waitFor(() => expect(heard).toEqual(['troupe.watch.me.one.b']));
  expect(log).toEqual([
    expect.stringMatching(/^warning: watched\/one: message on troupe\.api\.\S+ ignored: .*no subscriber is left/),
  ]);
  await watching.stop();
  await connection.close();
});

it.each([
  { build: '0.1.0+3f9a12bc04', version: '0.1.0+3f9a12bc04' },
  { build: 'ours, of Tuesday', version: '0.0.0' },
])('the micro services of the build "$build" are of version $version', async ({ build, version }) => {
  const connection = await connect({ servers: server.url });
  const built = testHost({ connection, build });
  await built.start(defineActor({ name: 'built', hears: {}, says: {}, behave: () => EMPTY }));
  expect(await ask('$SRV.INFO.built')).toMatchObject({ version });
  await built.stop();
  await connection.close();
});
