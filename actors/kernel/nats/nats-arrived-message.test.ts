import { connect, type Msg, type NatsConnection, headers as newHeaders } from 'nats';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { parseHeaders } from './nats-headers.ts';

/* Goal: the short parser finds what the client's own finds. Method: messages that came from a real server, read by both. */

let server: TestNatsServer;
let connection: NatsConnection;

beforeAll(async () => {
  server = await startNatsServer({});
  connection = await connect({ servers: server.url });
});
afterAll(async () => {
  await connection.close();
  await server.stop();
});

async function arrived(subject: string, body: Uint8Array, headers: Record<string, string>): Promise<Msg> {
  const heard = new Promise<Msg>((resolve) => {
    connection.subscribe(subject, { max: 1, callback: (_error, message) => resolve(message) });
  });
  const sent = newHeaders();
  for (const [name, value] of Object.entries(headers)) sent.set(name, value);
  connection.publish(subject, body, { ...(Object.keys(headers).length > 0 && { headers: sent }), reply: '_INBOX.é.1' });
  return heard;
}

const LARGE = new Uint8Array(300_000).fill(65); // arrives in several pieces

it.each([
  { what: 'no headers', subject: 'a.b', body: LARGE.subarray(0, 9), headers: {} },
  {
    what: 'two',
    subject: 'a.b',
    body: LARGE.subarray(0, 9),
    headers: { 'Troupe-Id': 'a/b/1.2', traceparent: '00-ab-cd-01' },
  },
  { what: 'no data', subject: 'a.b', body: LARGE.subarray(0, 0), headers: { A: '' } },
  { what: 'much data', subject: 'a.b', body: LARGE, headers: { A: 'b:c, d' } },
  {
    what: 'a subject that is not ASCII',
    subject: 'a.bücher',
    body: LARGE.subarray(0, 9),
    headers: { A: 'ü', B: ' x ' },
  },
])('headers are those that the client reads: $what', async ({ subject, body, headers }) => {
  const message = await arrived(subject, body, headers);
  const read = new ArrivedMessage(message);
  const theirs = Object.fromEntries((message.headers?.keys() ?? []).map((name) => [name, message.headers?.get(name)]));
  expect({ ...read.headers?.named }).toEqual(theirs);
  expect(read.headers === undefined).toBe(message.headers === undefined);
  expect([read.subject, read.reply, read.data.length]).toEqual([subject, '_INBOX.é.1', body.length]);
});

it.each([
  { text: 'NATS/1.0\r\n\r\n', code: 0, named: {} },
  { text: 'NATS/1.0 503\r\n\r\n', code: 503, named: {} },
  { text: 'NATS/1.0 100 Idle Heartbeat\r\nA: 1\r\n\r\n', code: 100, named: { A: '1' } },
  { text: 'NATS/1.0\r\nA:1\r\nA: 2\r\n: x\r\nno colon\r\nB: c: d\r\n\r\n', code: 0, named: { A: '1', B: 'c: d' } },
  // What the server adds to a block that somebody else began lies behind the end that this one gave it.
  { text: 'NATS/1.0\r\n\r\nA: 1\r\n\r\nNats-Stream: S\r\n\r\n', code: 0, named: { A: '1', 'Nats-Stream': 'S' } },
  { text: 'NATS/1.0', code: 0, named: {} },
  { text: 'NATS/1.0\r\nA: 1', code: 0, named: {} },
])('parses $text', ({ text, code, named }) => {
  const parsed = parseHeaders(text);
  expect({ code: parsed.code, named: { ...parsed.named } }).toEqual({ code, named });
});

it('of a repeated name the last value where the server has the last word', () => {
  const block =
    'NATS/1.0\r\nNats-Stream: mirror\r\nNats-Sequence: 1\r\nNats-Stream: objects\r\nNats-Sequence: 7\r\n\r\n';
  expect({ ...parseHeaders(block, 'last').named }).toEqual({ 'Nats-Stream': 'objects', 'Nats-Sequence': '7' });
});
