import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { NatsRequests } from './nats-requests.ts';

let server: TestNatsServer;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer({});
  connection = await connect({ servers: server.url, inboxPrefix: '_INBOX.me' });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

it('every question gets its own answer, in whatever order they come', async () => {
  const waiting: (() => void)[] = [];
  connection.subscribe('echo', {
    callback: (_error, message) => {
      waiting.unshift(() => void message.respond(message.data));
      if (waiting.length === 3) for (const answer of waiting) answer();
    },
  });
  const questions = new NatsRequests(connection);
  const answers = await Promise.all(['a', 'b', 'c'].map((body) => questions.ask({ subject: 'echo', body }, 5_000)));
  expect(answers.map((message) => message.string())).toEqual(['a', 'b', 'c']);
  expect(answers.every((message) => message.subject.startsWith('_INBOX.me.'))).toBe(true);
});

it('headers go as they were written', async () => {
  connection.subscribe('headers', {
    callback: (_error, message) => void message.respond(message.headers?.get('Some-Name') ?? ''),
  });
  const headers = Buffer.from('NATS/1.0\r\nSome-Name: x\r\n\r\n');
  const answer = await new NatsRequests(connection).ask({ subject: 'headers', headers }, 5_000);
  expect(answer.string()).toBe('x');
});

it('says why there is no answer', async () => {
  const questions = new NatsRequests(connection);
  connection.subscribe('deaf', { callback: () => undefined });
  await expect(questions.ask({ subject: 'nobody' }, 5_000)).rejects.toThrow(/no responders.*nobody/i);
  await expect(questions.ask({ subject: 'deaf' }, 20)).rejects.toThrow(/timeout/i);
  const lost = questions.ask({ subject: 'deaf' }, 5_000);
  questions.fail(new Error('the connection was lost'));
  await expect(lost).rejects.toThrow(/was lost/);
  await expect(questions.ask({ subject: 'not a subject' }, 5_000)).rejects.toThrow(/subject/i);
});

it('does not wait on a connection that was closed, nor for what the server refuses', async () => {
  const guarded = await startNatsServer({
    config:
      'authorization { users = [{ user: a, password: b, permissions: { publish: "may", subscribe: ["_INBOX.>", "may"] } }] }',
  });
  const as = await connect({ servers: guarded.url, user: 'a', pass: 'b' });
  const questions = new NatsRequests(as);
  await expect(questions.ask({ subject: 'may.not' }, 5_000)).rejects.toThrow(/permissions violation/i);
  as.subscribe('may', { callback: () => undefined });
  const open = expect(questions.ask({ subject: 'may' }, 5_000)).rejects.toThrow(/closed/i);
  await as.close();
  await open;
  await guarded.stop();
});
