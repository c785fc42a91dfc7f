import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { connectAs, startNatsServer, type TestNatsServer } from './nats-server.ts';
import { endServersLeft, runningServers } from './servers-left.ts';
import { waitUntil } from './wait-until.ts';

let server: TestNatsServer;
beforeAll(async () => {
  server = await startNatsServer();
});
afterAll(() => server.stop());

it('keeps acknowledged messages and its port over a SIGKILL', async () => {
  const before = await connectAs(server);
  const manager = await jetstreamManager(before);
  await manager.streams.add({ name: 'kept', subjects: ['kept.>'] });
  await jetstream(before).publish('kept.a', 'one');
  await before.close();
  const { url, pid } = server;
  await server.kill9();
  await server.restart();
  expect(server.url).toBe(url);
  expect(server.pid).not.toBe(pid);
  const after = await connectAs(server);
  const info = await (await jetstreamManager(after)).streams.info('kept');
  expect(info.state.messages).toBe(1);
  await after.close();
});

it('knows users by password', async () => {
  const closed = await startNatsServer({
    jetstream: false,
    config: 'authorization { users: [{ user: alice, password: "open sesame" }] }',
  });
  const alice = await connectAs(closed, { name: 'alice', password: 'open sesame' });
  await alice.flush();
  await alice.close();
  await expect(connectAs(closed, { name: 'alice', password: 'wrong' })).rejects.toThrow();
  await closed.stop();
});

it('dies with its process, however that ends, and its folder goes too', async () => {
  const script = `
    const { runnerImport } = await import('vite');
    const { module } = await runnerImport(${JSON.stringify(fileURLToPath(new URL('nats-server.ts', import.meta.url)))}, { configFile: false });
    const { pid, configFile } = await module.startNatsServer();
    process.stdout.write(JSON.stringify({ pid, configFile }) + '\\n');
    setInterval(() => {}, 1_000);`;
  const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  try {
    const [line] = (await once(parent.stdout, 'data')) as [Buffer];
    const { pid, configFile } = JSON.parse(String(line)) as { pid: number; configFile: string };
    expect(existsSync(configFile)).toBe(true);
    process.kill(pid, 0);
    parent.kill('SIGKILL');
    await waitUntil('the server is gone', 10_000, () => !isThere(pid) && !existsSync(configFile));
  } finally {
    parent.kill('SIGKILL');
  }
});

it('is ended, and named, when a file of tests has left it running', async () => {
  const left = await startNatsServer({ jetstream: false, config: 'server_name: forgotten' });
  const { pid } = left;
  const others = [...runningServers].filter((one) => one !== left);
  for (const one of others) runningServers.delete(one);
  const lines = await endServersLeft();
  for (const one of others) runningServers.add(one);
  expect(lines).toEqual([expect.stringMatching(new RegExp(`^nats-server ${pid}, [^]*server_name: forgotten`))]);
  expect(isThere(pid)).toBe(false);
});

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
