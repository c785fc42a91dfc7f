import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { connect } from 'nats';
import { expect, it } from 'vitest';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { guarded } from './nats-guarded-callback.ts';

it.each([
  {
    what: 'throws',
    fail: () => {
      throw new Error('deliberate');
    },
  },
  { what: 'rejects', fail: () => Promise.reject(new Error('deliberate')) },
  {
    what: 'throws what is no error',
    fail: () => {
      throw 'deliberate';
    },
  },
])('a callback that $what is reported, and its process hears everything else', async ({ fail }) => {
  const server = await startNatsServer();
  const connection = await connect({ servers: server.url });
  try {
    const reported: string[] = [];
    const report: Parameters<typeof guarded>[1] = ({ message }, { subject }) => reported.push(`${subject}: ${message}`);
    connection.subscribe('bad', { callback: guarded(fail, report) });
    connection.subscribe('good', { callback: guarded((_, msg) => msg.respond('heard'), report) });
    connection.publish('bad');
    expect((await connection.request('good', '', { timeout: 2_000 })).string()).toBe('heard');
    expect(reported).toEqual(['bad: deliberate']);
  } finally {
    await connection.close();
    await server.stop();
  }
});

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));
/** Its connections are behind the door, which guards whatever is subscribed through it. */
const BEHIND_DOOR = 'actors/kernel/nats/nats-services.ts';

it('every subscription of a process is guarded', () => {
  const files = ['actors', 'ops'].flatMap((room) =>
    readdirSync(`${ROOT}/${room}`, { recursive: true, encoding: 'utf8' }).map((path) => `${room}/${path}`),
  );
  const sources = files.filter((path) => /\.(ts|js)$/.test(path) && !/\.test\.ts$|node_modules/.test(path));
  const bare = sources.filter((path) => /\bcallback:(?!\s+guarded\()/.test(readFileSync(`${ROOT}/${path}`, 'utf8')));
  expect(sources.length).toBeGreaterThan(100);
  expect(bare.filter((path) => path !== BEHIND_DOOR && path !== 'actors/kernel/nats/nats-guarded-callback.ts')).toEqual(
    [],
  );
});
