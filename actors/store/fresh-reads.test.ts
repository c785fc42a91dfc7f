import { jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { expect, it } from 'vitest';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { atEndOfTest } from '../../test/support/end-of-test.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { quietPorts } from '../../test/support/quiet-ports.ts';
import { openStore, type TestStore } from '../../test/support/store.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import { OrderedFeed } from '../kernel/nats/nats-ordered-feed.ts';
import { ensureAssets } from './ensure-assets.ts';

/* Goal: who knows of a write reads it, whichever process he asks. Method: real servers, and somebody who passes on what was acknowledged. */

const PREFIX = 'r';
const STREAM = `KV_${PREFIX}-objects`;
const reconnecting = { maxReconnectAttempts: -1, reconnectTimeWait: 20, reconnectJitter: 0 };

const connected = async (server: Pick<TestNatsServer, 'url'>): Promise<NatsConnection> => {
  const connection = await connectAs(server, undefined, reconnecting);
  await atEndOfTest(() => connection.close());
  return connection;
};
const opened = async (connection: NatsConnection): Promise<TestStore> => {
  const store = await openStore(connection, PREFIX);
  await atEndOfTest(() => store.close());
  return store;
};
const put = (store: TestStore, name: string, expect: number, requestId: string) =>
  store.ports.put({
    key: `pods.a.${name}`,
    object: { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' } } as unknown as KubeObject,
    expect,
    requestId,
  });
const asked = async (store: TestStore): Promise<number> => store.stats().freshQuestions;

/** The more feeds a server has to serve, the longer after the acknowledgement the reader's own brings the change. */
async function anotherFeed(connection: NatsConnection): Promise<void> {
  const feed = await OrderedFeed.open({
    connection,
    manager: await jetstreamManager(connection),
    stream: STREAM,
    subject: '>',
    from: 1,
    onMessage: () => undefined,
    onIdle: () => undefined,
    onBroken: () => undefined,
  });
  await atEndOfTest(async () => feed.close());
}

/** Writes again and again; each acknowledgement is told to a third, who asks the reader. @returns how often the reader did not know */
async function writeAndAsk(
  writer: [NatsConnection, TestStore],
  between: NatsConnection,
  reader: [NatsConnection, TestStore],
  { lanes, rounds }: { readonly lanes: number; readonly rounds: number },
): Promise<number> {
  let unknown = 0;
  between.subscribe('acknowledged.*', {
    callback: (_, message) => between.publish('asked', message.data, { reply: message.reply ?? '' }),
  });
  reader[0].subscribe('asked', {
    callback: (_, message) => {
      const [name, revision] = message.json<[string, number]>();
      void reader[1].ports.fresh({}).then((fresh) => {
        if (fresh.revision < revision || reader[1].cache.revisionOf(`pods.a.${name}`) < revision) unknown++;
        message.respond();
      });
    },
  });
  await Promise.all([between.flush(), reader[0].flush()]);
  await Promise.all(
    Array.from({ length: lanes }, async (_, lane) => {
      let expected = 0;
      for (let round = 0; round < rounds; round++) {
        const name = `p${lane}`;
        expected = (await put(writer[1], name, expected, `${lane}.${round}`)).revision;
        await writer[0].request(`acknowledged.${lane}`, JSON.stringify([name, expected]), { timeout: 10_000 });
      }
    }),
  );
  return unknown;
}

it('on one server a read has all that was acknowledged, and asks nobody', async () => {
  const server = await startNatsServer();
  const [at, between, away] = [await connected(server), await connected(server), await connected(server)];
  await ensureAssets({ connection: away, prefix: PREFIX, keep: { maxBytes: 2 ** 20 } });
  await Promise.all(Array.from({ length: 60 }, () => anotherFeed(between)));
  const [reader, writer] = [await opened(at), await opened(away)];
  await waitUntil('it is ahead', 10_000, () => reader.feed.isAhead);
  const before = await asked(reader);
  expect(await writeAndAsk([away, writer], between, [at, reader], { lanes: 16, rounds: 100 })).toBe(0);
  expect(await asked(reader)).toBe(before);
});

it('after a lost connection the stream is asked once, for changes have passed by meanwhile', async () => {
  const server = await startNatsServer();
  const proxy = await startTcpProxy(server.port);
  await atEndOfTest(() => proxy.close());
  const at = await connected({ url: `nats://127.0.0.1:${proxy.port}` });
  const [reader, writer] = [await opened(at), await opened(await connected(server))];
  await reader.ports.fresh({});
  await put(writer, 'x', 0, 'one');
  const { revision } = await put(writer, 'y', 0, 'two');
  await waitUntil('the changes have arrived', 5_000, () => reader.cache.revision === revision);
  expect(await reader.ports.fresh({})).toEqual({ revision });
  const before = await asked(reader);
  const events = at.status()[Symbol.asyncIterator]();
  const reconnected = (async () => {
    for (;;) if ((await events.next()).value?.type === 'reconnect') return;
  })();
  proxy.cut();
  const missed = await put(writer, 'z', 0, 'three');
  await reconnected;
  expect(await reader.ports.fresh({})).toEqual(missed);
  expect(await asked(reader)).toBe(before + 1);
});

it('where changes are republished no more the stream is asked', async () => {
  const server = await startNatsServer();
  const [at, between, away] = [await connected(server), await connected(server), await connected(server)];
  const [reader, writer] = [await opened(at), await opened(away)];
  await reader.ports.fresh({});
  const manager = await jetstreamManager(at);
  await manager.streams.update(STREAM, { republish: undefined as never });
  const { revision } = await put(writer, 'x', 0, 'one');
  await waitUntil('the change has arrived', 5_000, () => reader.cache.revision === revision);
  expect(await reader.ports.fresh({})).toEqual({ revision });
  const before = await asked(reader);
  expect(await writeAndAsk([away, writer], between, [at, reader], { lanes: 1, rounds: 20 })).toBe(0);
  expect(await asked(reader)).toBe(before + 20);
});

it('a user who may not listen to changes asks the stream', async () => {
  const server = await startNatsServer({
    config:
      'authorization { users = [ { user: u, password: p, permissions: { subscribe: { deny: "r.changes.>" } } } ] }',
  });
  const at = await connectAs(server, { name: 'u', password: 'p' }, reconnecting);
  await atEndOfTest(() => at.close());
  const store = await opened(at);
  for (let round = 1; round <= 5; round++) {
    const { revision } = await put(store, `p${round}`, 0, `${round}`);
    expect(await store.ports.fresh({})).toEqual({ revision });
    expect(await asked(store)).toBe(round);
  }
  expect(store.reports).toEqual([expect.stringMatching(/^changes: .*permission/i)]);
});

it('a stream that was made anew under a running server is noticed while reads come', async () => {
  const server = await startNatsServer();
  const [at, away] = [await connected(server), await connected(server)];
  const [reader, writer] = [await opened(at), await opened(away)];
  await put(writer, 'x', 0, 'one');
  const { revision } = await put(writer, 'y', 0, 'two');
  await reader.ports.fresh({});
  await put(writer, 'z', 0, 'three');
  await waitUntil('the changes have arrived', 5_000, () => reader.cache.revision === revision + 1);
  await reader.ports.fresh({});
  const manager = await jetstreamManager(away);
  await manager.streams.delete(STREAM);
  await ensureAssets({ connection: away, prefix: PREFIX, keep: { maxBytes: 2 ** 20 } });
  await waitUntil('the alarm', 10_000, async () => {
    await reader.ports.fresh({});
    return reader.stats().alarm !== undefined;
  });
  expect(reader.stats().alarm).toMatch(/went back in time/);
});

it('in a NATS cluster changes and questions take ways of their own, and the stream is asked for every read', async () => {
  const ports = await quietPorts(3);
  const routes = ports.map((port) => `"nats://127.0.0.1:${port}"`).join(', ');
  const servers = await Promise.all(
    ports.map((port, at) =>
      startNatsServer({
        config: `server_name: n${at}\ncluster { name: c, listen: "127.0.0.1:${port}", routes: [${routes}] }`,
      }),
    ),
  );
  const [away, between, at] = (await Promise.all(servers.map(connected))) as [
    NatsConnection,
    NatsConnection,
    NatsConnection,
  ];
  await ensureAssets({ connection: away, prefix: PREFIX, keep: { maxBytes: 2 ** 20 }, log: () => undefined });
  const [writer, reader] = [await opened(away), await opened(at)];
  expect(await writeAndAsk([away, writer], between, [at, reader], { lanes: 1, rounds: 30 })).toBe(0);
  expect(await asked(reader)).toBe(30);
}, 60_000);
