import { type JetStreamClient, jetstream, jetstreamManager } from '@nats-io/jetstream';
import {
  connect,
  type Msg,
  type NatsConnection,
  type RequestOptions,
  type Status,
  type SubscriptionOptions,
} from 'nats';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { Cache } from '../view/cache.ts';
import { NatsCache } from './nats-cache.ts';

/*
 * Goal: what happens between two steps of opening a feed loses nothing and shows nothing that never was. Method: a real
 * server, and a connection on whose way the test does something at just that moment.
 */

let server: TestNatsServer;
let connection: NatsConnection;
let js: JetStreamClient;

beforeEach(async () => {
  server = await startNatsServer();
  connection = await connect({ servers: server.url });
  js = jetstream(connection);
  const manager = await jetstreamManager(connection);
  await manager.streams.add({ name: 'KV_t', subjects: ['$KV.t.>'], max_msgs_per_subject: 64 });
});
afterEach(async () => {
  await connection.close();
  await server.stop();
});

const put = async (name: string, mark = 0): Promise<number> => {
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace: 'a' }, mark };
  return (await js.publish(`$KV.t.pods.a.${name}`, JSON.stringify(object))).seq;
};

type Callback = NonNullable<SubscriptionOptions['callback']>;
interface Way {
  /** Called before a question goes out; its result is awaited. */
  readonly asking?: (subject: string) => Promise<unknown> | undefined;
  /** Called after an answer has come in; the asker waits for its result. */
  readonly answered?: (subject: string) => Promise<unknown> | undefined;
  /** Called before a message is handed to a subscription, which waits for its result. */
  readonly hearing?: (message: Msg) => Promise<unknown> | undefined;
  /** Called after a message was handed to a subscription. */
  readonly heard?: (message: Msg, callback: Callback) => void;
  readonly status?: () => AsyncIterable<Status>;
}
function onTheWay({ asking, answered, hearing, heard, status }: Way): NatsConnection {
  const request = async (subject: string, body?: Uint8Array | string, options?: RequestOptions) => {
    await asking?.(subject);
    const answer = await connection.request(subject, body, options);
    await answered?.(subject);
    return answer;
  };
  const subscribe = (subject: string, { callback, ...options }: SubscriptionOptions = {}) =>
    connection.subscribe(subject, {
      ...options,
      callback: (error, message) => {
        const hear = (): void => {
          void callback?.(error, message);
          if (error === null && callback !== undefined) heard?.(message, callback);
        };
        const wait = error === null ? hearing?.(message) : undefined;
        if (wait === undefined) hear();
        else void wait.then(hear);
      },
    });
  const base = Object.create(connection) as NatsConnection;
  return Object.assign(base, { request, subscribe, ...(status === undefined ? {} : { status }) });
}

const isConsumerCreation = (subject: string): boolean => subject.startsWith('$JS.API.CONSUMER.CREATE.');
function gate(): { readonly passed: Promise<void>; readonly open: () => void } {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { passed, open };
}

it('is at a revision that it holds, though objects were written anew while it was opened', async () => {
  await put('x');
  await put('y');
  let written = false;
  const cache = new Cache();
  const states: string[] = [];
  const state = (): string =>
    [...cache.entries()]
      .map(({ key, revision }) => `${key}@${revision}`)
      .sort()
      .join();
  const feed = await NatsCache.open({
    connection: onTheWay({
      asking: async (subject) => {
        if (written || !isConsumerCreation(subject)) return;
        written = true;
        await put('x', 1); // the last revision is known to be 2 by now
      },
    }),
    bucket: 't',
    cache,
    onChanges: () => states.push(`${state()} at ${cache.revision}`),
  });
  expect(states).toEqual(['pods.a.x@3,pods.a.y@2 at 3']);
  await feed.reached(await put('x', 2), { timeoutMs: 5_000 });
  expect(states.slice(1)).toEqual(['pods.a.x@4,pods.a.y@2 at 4']);
  feed.close();
});

it('goes on when the feed breaks just after the message that brings it up to date', async () => {
  await put('x');
  let consumers = 0;
  let opened = false; // the first consumer's message may come before or after the answer that made it
  let breakFeed: (() => void) | undefined;
  const second = gate();
  const feed = await NatsCache.open({
    connection: onTheWay({
      answered: (subject) => {
        if (isConsumerCreation(subject) && ++consumers === 2) setTimeout(second.open, 100);
        return undefined;
      },
      hearing: ({ subject }) => (subject.startsWith('$KV.') && opened ? second.passed : undefined),
      heard: ({ subject }, callback) => {
        if (!subject.startsWith('$KV.')) return;
        const broken = breakFeed;
        breakFeed = () => void callback(new Error('deliberate'), {} as Msg);
        if (consumers === 2 && broken !== undefined) breakFeed();
      },
    }),
    bucket: 't',
    cache: new Cache(),
    onChanges: () => undefined,
  });
  opened = true;
  const revision = await put('x', 1);
  breakFeed?.();
  await feed.reached(revision, { timeoutMs: 5_000 });
  await feed.reached(await put('x', 2), { timeoutMs: 5_000 });
  feed.close();
});

it('hears every change once, though a consumer is made after it was given up', async () => {
  await put('x');
  const cache = new Cache();
  const changes: number[] = [];
  let consumers = 0;
  let breakFeed = (): void => undefined;
  const late = gate();
  const reconnected = gate();
  const status = async function* (): AsyncIterable<Status> {
    await reconnected.passed;
    yield { type: 'reconnect', server: '' };
    await new Promise(() => undefined);
  };
  const feed = await NatsCache.open({
    connection: onTheWay({
      status,
      answered: (subject) => (isConsumerCreation(subject) && ++consumers === 2 ? late.passed : undefined),
      heard: ({ subject }, callback) => {
        if (subject.startsWith('$KV.')) breakFeed = () => void callback(new Error('deliberate'), {} as Msg);
      },
    }),
    bucket: 't',
    cache,
    onChanges: (all, relisted) => void (relisted || changes.push(...all.map(({ revision }) => revision))),
  });
  breakFeed();
  await waitUntil('a second consumer', 5_000, () => consumers === 2);
  reconnected.open();
  await waitUntil('a third one', 5_000, () => consumers === 3 && feed.certain);
  late.open();
  await feed.reached(await put('x', 1), { timeoutMs: 5_000 });
  await feed.reached(await put('x', 2), { timeoutMs: 5_000 });
  expect(changes).toEqual([2, 3]);
  const manager = await jetstreamManager(connection);
  const consumerCount = async () => (await manager.streams.info('KV_t')).state.consumer_count;
  await waitUntil('the other two consumers are gone', 5_000, async () => (await consumerCount()) === 1);
  feed.close();
});

it('goes on as soon as a server that was away for long is back', async () => {
  const own = await startNatsServer();
  const through = await connect({ servers: own.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  await (await jetstreamManager(through)).streams.add({ name: 'KV_t', subjects: ['$KV.t.>'] });
  const reports: string[] = [];
  const feed = await NatsCache.open({
    connection: through,
    bucket: 't',
    cache: new Cache(),
    onChanges: () => undefined,
    onReport: (about, error) => reports.push(`${about}: ${String(error)}`),
  });
  await own.kill9();
  await waitUntil('the feed is missed', 10_000, () => reports.some((report) => report.startsWith('feed: ')));
  await own.restart();
  await waitUntil('the feed goes on', 10_000, () => feed.certain);
  // What is asked while the server is away is waited for in vain, for two seconds.
  expect(reports.filter((report) => /timeout/i.test(report))).toEqual([]);
  feed.close();
  await through.close();
  await own.stop();
}, 30_000);
