import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { StatusError } from '../../contracts/errors/status.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { FakeApi } from '../../test/support/fake-api.ts';
import { connectAs as connectNats, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { startTcpProxy } from '../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../test/support/wait-until.ts';
import type { Client } from './client.ts';
import { connectAs } from './connect.ts';
import { readLogs } from './logs.ts';
import type { ObjectEvent } from './plan-relist.ts';
import { watchObjects } from './watch.ts';

let server: TestNatsServer;
let client: Client;
let api: FakeApi;
let endApi: () => Promise<void>;

const who = { caller: 'alice', prefix: 'troupe', inboxPrefix: '_INBOX.alice' };

beforeAll(async () => {
  server = await startNatsServer({ jetstream: false });
  client = await connectAs({ ...who, url: server.url });
});
afterAll(async () => {
  await client.close();
  await server.stop();
});
beforeEach(async () => {
  const connection = await connectNats(server);
  api = new FakeApi(connection);
  await connection.flush();
  endApi = async () => {
    if (!connection.isClosed()) await connection.drain(); // once it is over, the server knows
  };
  return endApi;
});

const pod = (name: string, labels: Record<string, string> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'default', name, labels },
});
const inDefault = { namespace: 'default' };
const refusal = (promise: Promise<unknown>): Promise<StatusError> =>
  promise.then(
    () => expect.unreachable('it was not refused'),
    (error: unknown) => {
      expect(error).toBeInstanceOf(StatusError);
      return error as StatusError;
    },
  );

describe('requests', () => {
  it('answers with the object, or with the refusal as an error', async () => {
    api.put('pods', pod('a'));
    expect(await client.get('pods', { ...inDefault, name: 'a' })).toMatchObject({ metadata: { name: 'a' } });
    expect((await refusal(client.get('pods', { ...inDefault, name: 'b' }))).reason).toBe('NotFound');
    expect(api.asked).toEqual(['get pods default/a', 'get pods default/b']);
  });
  it('takes an empty name in a deletion for a mistake, never for all of them', async () => {
    for (const target of [inDefault, { ...inDefault, name: '' }])
      expect((await refusal(client.delete('pods', target))).message).toMatch(
        /^delete pods: the object's name is empty/,
      );
    expect(api.asked).toEqual([]);
  });
  it('refuses at once a name for which nats-server would drop the connection', async () => {
    const { reason, message } = await refusal(client.get('pods', { ...inDefault, name: 'x'.repeat(5000) }));
    expect({ reason, message }).toEqual({
      reason: 'BadRequest',
      message: 'get pods: the name "xxxxxxxxxxxxxxxxxxxx…" has 5000 characters; at most 253 are allowed',
    });
  });
  it('follows the pages of a list', async () => {
    api.pageSize = 2;
    for (const name of ['a', 'b', 'c', 'd', 'e']) api.put('pods', pod(name));
    const list = await client.list('pods', inDefault);
    expect(list.items.map(({ metadata }) => metadata?.name)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(list.metadata).toEqual({ resourceVersion: '5' });
    expect(api.asked).toHaveLength(3);
  });
  it('says so when a message is larger than the server takes', async () => {
    const error = await refusal(client.create('configmaps', 'default', { data: { x: 'a'.repeat(9_000_000) } }));
    expect(error.reason).toBe('RequestEntityTooLarge');
    expect(error.message).toMatch(/larger than nats-server accepts \(max_payload\); split it$/);
  });
  it('says what to do when nobody listens', async () => {
    await endApi();
    const error = await refusal(client.get('pods', { ...inDefault, name: 'a' }));
    expect(error.reason).toBe('ServiceUnavailable');
    expect(error.message).toBe(
      'no api-server is listening on troupe.api.alice.get.pods.default.a; start one with "troupe up" or check TROUPE_URL',
    );
  });
  it('has a deadline', async () => {
    const deaf = client.connection.subscribe('troupe.deaf');
    const error = await refusal(client.ask('troupe.deaf', new Uint8Array(), 'application/json', { timeoutMs: 30 }));
    deaf.unsubscribe();
    expect(error.reason).toBe('Timeout');
  });
  it('says what to do when no server is there, or it does not know the user', async () => {
    const error = await refusal(connectAs({ ...who, url: 'nats://127.0.0.1:1' }));
    expect(error.message).toBe(
      'nats-server at nats://127.0.0.1:1 cannot be reached; start it with "troupe up" or check TROUPE_URL',
    );
    const closed = await startNatsServer({
      jetstream: false,
      config: 'authorization { users: [{ user: a, password: b }] }',
    });
    expect((await refusal(connectAs({ ...who, url: closed.url }))).reason).toBe('Unauthorized');
    const garbled = await refusal(connectAs({ ...who, url: closed.url, seed: 'SUAMYY' }));
    expect(garbled).toMatchObject({
      reason: 'Unauthorized',
      message: 'read the nkey seed: invalid checksum; check TROUPE_NKEY',
    });
    await closed.stop();
  });
});

/** Reads a watch in the background. */
function reader(options: Parameters<typeof watchObjects>[3] = {}, of = client) {
  const stop = new AbortController();
  const events: string[] = [];
  const brief = ({ type, object }: ObjectEvent): string =>
    `${type} ${object.metadata?.name}@${object.metadata?.resourceVersion}`;
  const done = (async () => {
    for await (const event of watchObjects(of, 'pods', inDefault, {
      backoffMs: 20,
      ...options,
      signal: stop.signal,
    })) {
      events.push(brief(event));
    }
  })();
  const heard = (count: number) =>
    waitUntil(`${count} events, have ${events.join(', ')}`, 5_000, () => events.length >= count);
  const end = async (): Promise<void> => {
    stop.abort();
    await done;
  };
  return { events, heard, end, done };
}

describe('watchObjects', () => {
  it('begins with what is there, then tells every change, and acknowledges bookmarks', async () => {
    api.put('pods', pod('a'));
    const read = reader();
    await read.heard(1);
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    api.put('pods', pod('b'));
    api.put('pods', pod('a', { x: 'y' }));
    api.remove('pods', 'default', 'b');
    await read.heard(4);
    expect(read.events).toEqual(['ADDED a@1', 'ADDED b@2', 'MODIFIED a@3', 'DELETED b@4']);
    api.bookmark();
    await waitUntil('an acknowledgement', 5_000, () => api.acknowledged.length > 0);
    expect(api.acknowledged).toEqual(['4']);
    await read.end();
  });
  it('goes on from a list without telling it again', async () => {
    api.put('pods', pod('a'));
    const read = reader({ from: await client.list('pods', inDefault) });
    api.put('pods', pod('b'));
    await read.heard(1);
    expect(read.events).toEqual(['ADDED b@2']);
    await read.end();
  });
  it.each([
    { why: 'an end', cut: () => api.endWatches(), options: {} },
    { why: 'silence', cut: () => api.forgetWatches(), options: { silenceMs: 50 } },
  ])('asks again after $why, and misses nothing', async ({ cut, options }) => {
    const read = reader(options);
    await waitUntil('a watch', 5_000, () => api.watchers > 0); // where silence is short, soon more than one
    api.put('pods', pod('a'));
    await read.heard(1);
    cut();
    api.put('pods', pod('b'));
    await read.heard(2);
    expect(read.events).toEqual(['ADDED a@1', 'ADDED b@2']);
    await read.end();
  });
  it('asks again after a lost connection from where it was, though more comes as soon as it is back', async () => {
    const proxy = await startTcpProxy(server.port);
    const away = await connectAs({ ...who, url: `nats://127.0.0.1:${proxy.port}` });
    const back = new Promise<void>((done) => void away.onReconnected(done));
    const read = reader({}, away);
    await waitUntil('a watch', 5_000, () => api.watchers > 0);
    api.put('pods', pod('a'));
    await read.heard(1);
    proxy.muffle();
    api.put('pods', pod('b'));
    proxy.cut();
    await back;
    api.put('pods', pod('c'));
    await read.heard(3);
    expect(read.events).toEqual(['ADDED a@1', 'ADDED b@2', 'ADDED c@3']);
    await read.end();
    await away.close();
    await proxy.close();
  });
  it('lists again when it was away too long, and tells only what differs', async () => {
    const read = reader();
    for (const name of ['a', 'b', 'c']) api.put('pods', pod(name));
    await read.heard(3);
    await waitUntil('a watch', 5_000, () => api.watchers === 1);
    const ending = api.watchers;
    api.oldest = 1_000;
    api.endWatches();
    api.remove('pods', 'default', 'b');
    api.put('pods', pod('c', { x: 'y' }));
    api.oldest = 5;
    expect(ending).toBe(1);
    await read.heard(5);
    expect(read.events.slice(3)).toEqual(['DELETED b@2', 'MODIFIED c@5']);
    await read.end();
  });
  it('ends when the connection is closed for good, as it is for a user who was removed', async () => {
    const users = (names: readonly string[]) =>
      `authorization { users = [${names.map((user) => `{ user: ${user}, password: pw }`).join(', ')}] }`;
    const open = await startNatsServer({ jetstream: false, config: users(['alice', 'api']) });
    const other = await connectAs({ ...who, url: open.url, password: 'pw' });
    const connection = await connectNats(open, { name: 'api', password: 'pw' });
    new FakeApi(connection).put('pods', pod('a'));
    await connection.flush();
    const heard: string[] = [];
    const reading = (async () => {
      for await (const { object } of watchObjects(other, 'pods', inDefault, { silenceMs: 200 }))
        heard.push(object.metadata?.name ?? '');
    })();
    const ended = refusal(reading);
    await waitUntil('the first event', 5_000, () => heard.length === 1);
    open.reload(users(['api']));
    expect((await ended).reason).toBe('Unauthorized');
    await connection.close();
    await open.stop();
  });
  it('waits for an api-server to come', async () => {
    await endApi();
    const read = reader();
    const connection = await connectNats(server);
    const next = new FakeApi(connection);
    next.put('pods', pod('late'));
    await read.heard(1);
    await read.end();
    await connection.close();
  });
});

describe('readLogs', () => {
  const line = (n: number) => ({
    stream: 'stdout' as const,
    time: `2026-01-01T00:00:00.${String(n).padStart(9, '0')}Z`,
    text: `line ${n}`,
  });
  const of = { namespace: 'default', pod: 'web', container: 'main' };
  const collect = async (options: Parameters<typeof readLogs>[2]): Promise<string[]> => {
    const texts: string[] = [];
    for await (const { text } of readLogs(client, of, options)) texts.push(text);
    return texts;
  };
  it('pages through what there is', async () => {
    for (let n = 0; n < 7; n++) api.output.push(line(n));
    api.linesMost = 3;
    expect(await collect({})).toEqual([0, 1, 2, 3, 4, 5, 6].map((n) => `line ${n}`));
    expect(api.asked).toHaveLength(3);
    expect(await collect({ tailLines: 5 })).toHaveLength(5);
  });
  it('follows until the container ends, each line once, also those that the stream missed', async () => {
    for (let n = 0; n < 2; n++) api.output.push(line(n));
    const texts: string[] = [];
    const done = (async () => {
      for await (const { text } of readLogs(client, of, { follow: true, askAgainMs: 60 })) texts.push(text);
    })();
    const have = (count: number) =>
      waitUntil(`${count} lines, have ${texts.length}`, 5_000, () => texts.length >= count);
    await have(2);
    for (const garbled of ['{"lines":', '{"lines":7}', ''])
      client.connection.publish('troupe.logs.default.web.main', garbled);
    api.write(line(2), 'web');
    await have(3);
    api.write(line(3), 'web', { missed: true });
    await have(4);
    api.write(line(4), 'web', { ended: true });
    await done;
    expect(texts).toEqual([0, 1, 2, 3, 4].map((n) => `line ${n}`));
  });
  it('keeps the order over a lost connection: what is heard after it waits for what was missed', async () => {
    const proxy = await startTcpProxy(server.port);
    const away = await connectAs({ ...who, url: `nats://127.0.0.1:${proxy.port}` });
    const texts: string[] = [];
    let lost = 0;
    const contact = { heard: () => undefined, lost: () => void lost++ };
    const done = (async () => {
      for await (const { text } of readLogs(away, of, { follow: true, askAgainMs: 1_000, contact })) texts.push(text);
    })();
    api.write(line(0), 'web');
    await waitUntil('the first line', 5_000, () => texts.length === 1);
    await endApi();
    proxy.cut();
    await waitUntil('a question in vain', 5_000, () => lost > 0);
    const connection = await connectNats(server);
    connection.publish('troupe.logs.default.web.main', JSON.stringify({ lines: [line(2)] }));
    await connection.flush();
    await away.connection.flush();
    const next = new FakeApi(connection);
    next.output.push(line(0), line(1), line(2));
    next.write(line(3), 'web', { ended: true });
    await done;
    expect(texts).toEqual([0, 1, 2, 3].map((n) => `line ${n}`));
    await away.close();
    await connection.close();
    await proxy.close();
  });
});
