import { jetstream, jetstreamManager, StorageType } from '@nats-io/jetstream';
import { type NatsConnection, nuid } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAs, startNatsServer, type TestNatsServer } from '../../test/support/nats-server.ts';
import { type DirectMessage, newestOfEach } from './direct-get-batch.ts';

let server: TestNatsServer;
let connection: NatsConnection;
const stream = nuid.next();
const OPTIONS = { inboxPrefix: undefined, timeoutMs: 10_000 };
const sizes = (messages: readonly DirectMessage[]) =>
  Object.fromEntries(messages.map(({ subject, data }) => [subject, data.length]));

beforeAll(async () => {
  server = await startNatsServer();
  connection = await connectAs(server);
  const { streams } = await jetstreamManager(connection);
  await streams.add({
    name: stream,
    subjects: ['x.*'],
    allow_direct: true,
    max_msgs_per_subject: 1,
    storage: StorageType.Memory,
  });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

it('of many large messages it reads all, though the server ends each answer at its limit', async () => {
  const subjects = Array.from({ length: 40 }, (_, at) => `x.${at}`);
  const large = new Uint8Array(512 * 1024); // 20 MiB in all: three answers
  for (const subject of subjects) await jetstream(connection).publish(subject, large);
  const found = await newestOfEach(connection, stream, [...subjects, 'x.none'], OPTIONS);
  expect(sizes(found)).toEqual(Object.fromEntries(subjects.map((subject) => [subject, large.length])));
});

it('of what is written anew between two answers it reads the newer', async () => {
  const subjects = Array.from({ length: 40 }, (_, at) => `x.${at}`);
  let asked = 0;
  const meddled = Object.assign(Object.create(connection) as NatsConnection, {
    publish: (...question: Parameters<NatsConnection['publish']>) => {
      if (++asked === 2) connection.publish('x.0', 'new');
      connection.publish(...question);
    },
  });
  const found = sizes(await newestOfEach(meddled, stream, subjects, OPTIONS));
  expect([Object.keys(found).length, found['x.0'], asked]).toEqual([40, 3, 3]);
});

it('says that none is there', async () => {
  expect(await newestOfEach(connection, stream, ['x.none'], OPTIONS)).toEqual([]);
});
