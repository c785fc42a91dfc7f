import { type JetStreamClient, type JetStreamManager, jetstream, jetstreamManager } from '@nats-io/jetstream';
import type { NatsConnection } from 'nats';
import { beforeEach, expect, it } from 'vitest';
import { atEndOfTest } from '../../../test/support/end-of-test.ts';
import { connectAs, startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { ChangeFeed } from './nats-change-feed.ts';
import type { FedMessage } from './nats-ordered-feed.ts';

/* Goal: every message once and in order, whoever brings it, or word that the feed broke. Method: a real server. */

const STREAM = 'KV_t';
const CHANGES = { republishedTo: 'changes.>' };

let server: TestNatsServer;
let connection: NatsConnection;
let js: JetStreamClient;
let manager: JetStreamManager;

beforeEach(async () => {
  server = await startNatsServer({
    config:
      'authorization { users = [ { user: all, password: p }, { user: some, password: p, permissions: { subscribe: { deny: "changes.>" } } }, { user: most, password: p, permissions: { subscribe: { deny: "changes.widgets.>" } } } ] }',
  });
  connection = await connectAs(server, { name: 'all', password: 'p' });
  await atEndOfTest(() => connection.close());
  js = jetstream(connection);
  manager = await jetstreamManager(connection);
  const republish = { src: '$KV.t.>', dest: CHANGES.republishedTo };
  await manager.streams.add({ name: STREAM, subjects: ['$KV.t.>'], max_msgs_per_subject: 64, republish });
});

const put = async (key: string, body: string = key): Promise<number> => (await js.publish(`$KV.t.${key}`, body)).seq;
const consumers = async (): Promise<number> => (await manager.streams.info(STREAM)).state.consumer_count;

interface Heard {
  readonly feed: ChangeFeed;
  readonly messages: FedMessage[];
  readonly broken: string[];
  readonly refused: string[];
}
async function openFeed(over: NatsConnection = connection, from: 'last-per-subject' | number = 1): Promise<Heard> {
  const heard = { messages: [] as FedMessage[], broken: [] as string[], refused: [] as string[] };
  const asking = await jetstreamManager(over);
  const feed = await ChangeFeed.open({
    connection: over,
    manager: asking,
    stream: STREAM,
    subject: '$KV.t.>',
    from,
    changes: CHANGES,
    ask: () => asking.streams.info(STREAM),
    onMessage: (message) => heard.messages.push(message),
    onIdle: () => undefined,
    onBroken: (why) => heard.broken.push(why),
    onRefused: (error) => heard.refused.push(error.message),
    onMissed: () => heard.broken.push('missed'),
  });
  await atEndOfTest(async () => feed.close());
  return { feed, ...heard };
}
const ahead = (feed: ChangeFeed): Promise<unknown> => waitUntil('it is ahead', 10_000, () => feed.isAhead);
const sequences = ({ messages }: Heard): number[] => messages.map(({ sequence }) => sequence);
const counted = (from: number, to: number): number[] => Array.from({ length: to - from + 1 }, (_, at) => from + at);

it('takes over from the consumer on a quiet stream too, and the consumer goes', async () => {
  for (let n = 0; n < 5; n++) await put(`pods.a.p${n}`);
  const heard = await openFeed();
  await waitUntil('the past has come', 5_000, () => heard.messages.length === 5);
  expect(heard.feed.isAhead).toBe(false);
  heard.feed.caughtUp();
  await ahead(heard.feed);
  await waitUntil('the consumer is gone', 5_000, async () => (await consumers()) === 0);
  const before = Date.now();
  await put('nodes._.n', 'six');
  await waitUntil('it comes', 5_000, () => heard.messages.length === 6);
  const { storedAt, data, ...rest } = heard.messages[5] as FedMessage;
  expect(rest).toEqual({ subject: '$KV.t.nodes._.n', sequence: 6 });
  expect(Buffer.from(data).toString()).toBe('six');
  expect(Math.abs(storedAt - before)).toBeLessThan(5_000);
});

it('has each message once and in order though it takes over in the midst of them', async () => {
  for (let n = 0; n < 200; n++) await put(`pods.a.p${n}`);
  const feeds: Heard[] = [];
  const lanes = Array.from({ length: 8 }, async (_, lane) => {
    for (let n = 0; n < 100; n++) await put(`pods.a.${lane}-${n}`);
  });
  for (let n = 0; n < 10; n++) {
    const heard = await openFeed();
    await waitUntil('it has what there was', 10_000, () => heard.feed.listed);
    heard.feed.caughtUp();
    feeds.push(heard);
  }
  await Promise.all(lanes);
  for (const heard of feeds) {
    await ahead(heard.feed);
    await waitUntil('everything has come', 10_000, () => heard.messages.length >= 1_000);
    expect(sequences(heard)).toEqual(counted(1, 1_000));
    expect(heard.broken).toEqual([]);
  }
});

it('goes on after what is no more in the stream', async () => {
  for (let n = 0; n < 3; n++) await put('pods.a.x');
  await manager.streams.purge(STREAM);
  const heard = await openFeed();
  heard.feed.caughtUp();
  await ahead(heard.feed);
  await put('pods.a.y');
  await waitUntil('it comes', 5_000, () => heard.messages.length === 1);
  expect(sequences(heard)).toEqual([4]);
});

it('breaks when a message does not come, at once or as soon as the stream is asked', async () => {
  const most = await connectAs(server, { name: 'most', password: 'p' });
  await atEndOfTest(() => most.close());
  const [first, second] = [await openFeed(most), await openFeed(most)];
  for (const { feed } of [first, second]) {
    feed.caughtUp();
    await ahead(feed);
  }
  await put('widgets.a.w');
  await put('pods.a.x');
  await waitUntil('it broke', 5_000, () => first.feed.ended);
  expect(first.broken).toEqual(['missed', 'revision 1 was not republished']);
  expect([first.feed.isAhead, first.feed.ended, sequences(first)]).toEqual([false, true, []]);
  const third = await openFeed(most, 3);
  third.feed.caughtUp();
  await ahead(third.feed);
  await put('widgets.a.w');
  await waitUntil('it broke', 10_000, () => third.feed.ended);
  expect(third.broken).toEqual(['missed', 'revision 3 was not republished']);
});

it('breaks when changes are not republished there any more, and when the stream is gone', async () => {
  const heard = await openFeed();
  heard.feed.caughtUp();
  await ahead(heard.feed);
  await manager.streams.update(STREAM, { republish: { src: '$KV.t.>', dest: 'elsewhere.>' } });
  await waitUntil('it broke', 10_000, () => heard.broken.length > 0);
  expect(heard.broken[0]).toMatch(/no longer republished before they are acknowledged/);
  await manager.streams.update(STREAM, { republish: { src: '$KV.t.>', dest: CHANGES.republishedTo } });
  const again = await openFeed();
  again.feed.caughtUp();
  await ahead(again.feed);
  await manager.streams.delete(STREAM);
  await waitUntil('it broke', 10_000, () => again.broken.length > 0);
  expect(again.broken[0]).toMatch(/stream not found/);
});

it('leaves all to the consumer where a subject may not be listened to', async () => {
  const over = await connectAs(server, { name: 'some', password: 'p' });
  await atEndOfTest(() => over.close());
  const heard = await openFeed(over);
  heard.feed.caughtUp();
  for (let n = 0; n < 3; n++) await put(n === 1 ? 'nodes._.n' : `pods.a.p${n}`);
  await waitUntil('all came', 5_000, () => heard.messages.length === 3);
  expect(sequences(heard)).toEqual([1, 2, 3]);
  expect([heard.feed.isAhead, heard.broken]).toEqual([false, []]);
  expect(heard.refused).toEqual([expect.stringMatching(/permission/i)]);
});
