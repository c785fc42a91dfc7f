import { connect as connectSocket } from 'node:net';
import { connect, type NatsConnection } from 'nats';
import { of } from 'rxjs';
import { mergeMap } from 'rxjs/operators';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { testHost } from '../../../test/support/test-host.ts';
import { calls, defineActor } from '../declare.ts';
import type { Host } from './nats-host.ts';

/*
 * Goal: nothing that the broker sends makes a process deaf, whose client stops reading for good when a callback throws.
 * Method: header blocks as raw bytes over a socket, since no client would send them, or a refusal; then an ordinary question.
 */

let server: TestNatsServer;
let served: NatsConnection;
let host: Host;
const logs: string[] = [];

const listener = defineActor({
  name: 'listener',
  hears: { applies: calls(SUBJECTS.apply, { queue: true, all: true }) },
  says: {},
  behave: (inputs, world) => inputs.applies.pipe(mergeMap((call) => of(world.reply(call, { heard: call.subject })))),
});

beforeAll(async () => {
  server = await startNatsServer({});
  served = await connect({ servers: server.url });
  host = testHost({ connection: served, log: (line) => logs.push(line) });
  await host.start(listener);
});
afterAll(async () => {
  await host.stop();
  await served.close();
  await server.stop();
});

/** Publishes one message with these bytes as its header block; resolves when the broker has it. */
function publishRaw(subject: string, block: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket = connectSocket(server.port, '127.0.0.1');
    let heard = '';
    socket.on('error', reject).on('data', (data) => {
      heard += data.toString();
      if (!heard.includes('PONG')) return;
      socket.destroy();
      if (heard.includes('-ERR')) reject(new Error(heard));
      else resolve();
    });
    const bytes = Buffer.byteLength(block);
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
    socket.write(`HPUB ${subject} _INBOX.x ${bytes} ${bytes + 2}\r\n${block}{}\r\nPING\r\n`);
  });
}

it.each([
  { what: 'not of the version that there is', subject: 'troupe.apply.me._', block: 'X\r\na: b\nc\r\n\r\n' },
  { what: 'no block at all', subject: 'troupe.apply.me._', block: '\n' },
  { what: 'a name that is none', subject: 'troupe.apply.me._', block: 'NATS/1.0\r\n\u0000 : \u0001\r\n\r\n' },
  {
    what: 'a value of two lines, on a subject with other letters',
    subject: 'troupe.apply.mé._',
    block: 'NATS/1.0\r\na: b\nc\r\n\r\n',
  },
])('a header block that is $what', async ({ subject, block }) => {
  await publishRaw(subject, block);
  const client = await connect({ servers: server.url });
  try {
    const answer = await client.request('troupe.apply.me._', '{}', { timeout: 2_000 });
    expect(answer.json()).toEqual({ heard: 'troupe.apply.me._' });
  } finally {
    await client.close();
  }
});

it('a process that may not hear answers hears everything else', async () => {
  const strict = await startNatsServer({
    config: `authorization { users = [ { user: u, password: p, permissions: { subscribe: { deny: "_INBOX_denied.>" } } } ] }`,
  });
  const connection = await connect({ servers: strict.url, user: 'u', pass: 'p' });
  const log = (line: string): void => void logs.push(line);
  const other = testHost({ connection, instance: 'two', inboxPrefix: '_INBOX_denied', log });
  await connection.flush().catch(() => undefined);
  await other.start(listener);
  const client = await connect({ servers: strict.url, user: 'u', pass: 'p', inboxPrefix: '_INBOX.me' });
  const answer = await client.request('troupe.apply.me._', '{}', { timeout: 2_000 });
  expect(answer.json()).toEqual({ heard: 'troupe.apply.me._' });
  await client.close();
  await other.stop();
  await connection.close();
  await strict.stop();
});
