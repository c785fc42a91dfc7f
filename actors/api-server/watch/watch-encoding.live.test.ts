import { createInbox, type Msg, type NatsConnection } from 'nats';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { decode, encode, JSON_TYPE, MSGPACK_TYPE, YAML_TYPE } from '../../../contracts/codec/codec.ts';
import type { WatchEvent, WatchMark } from '../../../contracts/messages/api.ts';
import { bucketNames } from '../../../contracts/store/buckets.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { Client } from '../../../ops/client/client.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { NatsCache } from '../../kernel/nats/nats-cache.ts';
import type { Host } from '../../kernel/nats/nats-host.ts';
import { Cache } from '../../kernel/view/cache.ts';
import { ensureAssets } from '../../store/ensure-assets.ts';
import { storeDriver } from '../../store/store-driver.ts';
import { apiServer } from '../api-server.ts';
import { bootstrapObjects } from '../bootstrap/bootstrap-objects.ts';

/**
 * Goal: who asks for a watch with any NATS client reads everything that it tells in the encoding of the question.
 * Method: a real nats-server, one api-server, and a plain connection without headers, as `nats req` and `nats sub` have.
 */
let server: TestNatsServer;
let own: NatsConnection;
let feed: NatsCache;
let host: Host;
let connection: NatsConnection;
let client: Client;

beforeAll(async () => {
  server = await startNatsServer();
  own = await connectAs(server);
  connection = await connectAs(server, { name: 'alice' });
  await ensureAssets({ connection, prefix: 'troupe' });
  const cache = new Cache();
  feed = await NatsCache.open({
    connection: own,
    bucket: bucketNames('troupe').objects,
    cache,
    onChanges: (changes) => {
      for (const change of changes) host?.changed(change);
    },
  });
  host = testHost({ connection: own, instance: 'one', cache, freeze: true });
  await host.startDriver(storeDriver({ connection: own, prefix: 'troupe', cache: feed }));
  const limits = { bookmarkEveryMs: 200, missedBookmarks: 2 };
  await host.start(apiServer({ instance: 'one', limits, authorization: 'AlwaysAllow' }), 'one');
  client = new Client(connection, { caller: 'alice', prefix: 'troupe', inboxPrefix: inboxPrefix('alice') });
  for (const object of bootstrapObjects()) await client.create('namespaces', undefined, object);
});
afterAll(async () => {
  await host.stop();
  feed.close();
  await own.close();
  await connection.close();
  await server.stop();
});

const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const typeOf = ({ data }: Msg): string => (decode(data) as WatchEvent).type;
const acknowledged = ({ data }: Msg) => ({
  resourceVersion: (decode(data) as { object: WatchMark }).object.metadata.resourceVersion,
});

/** Everything that a watch tells to somebody who answers its bookmarks until it has told of a change, and none from then on. */
async function watched(
  resource: string,
  question: Uint8Array | string,
  onOpen: () => Promise<unknown>,
): Promise<Msg[]> {
  const inbox = createInbox(inboxPrefix('alice'));
  const told = connection.subscribe(inbox);
  connection.publish(`troupe.api.alice.watch.${resource}.default._`, question, { reply: inbox });
  const heard: Msg[] = [];
  let changing: Promise<unknown> | undefined;
  for await (const message of told) {
    heard.push(message);
    changing ??= onOpen();
    const isChanged = heard.some((one) => typeOf(one) === 'ADDED');
    if (!isChanged && message.reply) connection.publish(message.reply, encode(acknowledged(message), JSON_TYPE));
    if (typeOf(message) === 'END') break;
  }
  await changing;
  return heard;
}

const options = { allowWatchBookmarks: true };
const JSON_LINE = /^\{"type":"[A-Z]+","object":\{.*\}\}$/;
const asked = [
  { type: JSON_TYPE, how: 'JSON', question: JSON.stringify(options), looks: JSON_LINE },
  { type: JSON_TYPE, how: 'nothing', question: '', looks: JSON_LINE },
  { type: YAML_TYPE, how: 'YAML', question: 'allowWatchBookmarks: true\n', looks: /^type: [A-Z]+\nobject:\n/ },
  { type: MSGPACK_TYPE, how: 'MessagePack', question: encode(options, MSGPACK_TYPE), looks: /^\ufffd\ufffdtype/ },
];
describe.each(['configmaps', 'events'])('a watch of %s', (resource) => {
  it.concurrent.each(asked)('asked with $how', async ({ type, how, question, looks }) => {
    const made = objectOf(resource, `with-${how.toLowerCase()}`);
    const heard = await watched(resource, question, () => client.create(resource, 'default', made));
    const types = heard.map(typeOf);
    expect(types.at(0)).toBe('BOOKMARK');
    expect(types).toContain('ADDED');
    expect(types.at(-1)).toBe('END');
    expect(heard.slice(1).some((message) => typeOf(message) === 'BOOKMARK' && message.reply)).toBe(true);
    for (const { data, headers } of heard) {
      expect(text(data)).toMatch(looks);
      expect(headers?.get('Content-Type')).toBe(type);
    }
  });
});

const objectOf = (resource: string, name: string) =>
  resource === 'configmaps'
    ? { metadata: { name } }
    : {
        metadata: { name },
        involvedObject: { kind: 'Pod', namespace: 'default', name: 'p' },
        reason: 'Test',
        type: 'Normal',
      };
