import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, it } from 'vitest';
import { launcher } from '../../boot/home/project-root.ts';

it.each([['get', 'nodes'], ['status']])(
  'troupe %s ends when a server takes its connection and never says a word',
  { timeout: 40_000 },
  async (...argv) => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    try {
      const { port } = server.address() as AddressInfo;
      const env = { ...process.env, TROUPE_URL: `nats://127.0.0.1:${port}`, TROUPE_USER: 'me', TROUPE_PASSWORD: 'x' };
      const failed = await new Promise<{ code: unknown; killed: boolean; told: string }>((resolve) => {
        execFile(
          process.execPath,
          [launcher, ...argv],
          { env, timeout: 30_000, killSignal: 'SIGKILL' },
          (error, _, told) => resolve({ code: error?.code, killed: error?.killed ?? false, told }),
        );
      });
      expect(failed).toMatchObject({ code: 1, killed: false });
      expect(failed.told).toMatch(/nats-server at .* does not answer/);
    } finally {
      server.close();
    }
  },
);

it.each([
  { signal: 'SIGINT', code: 130 },
  { signal: 'SIGTERM', code: 143 },
  { signal: 'SIGHUP', code: 129 },
] as const)('a command that waits for an answer ends with $signal', { timeout: 20_000 }, async ({ signal, code }) => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  try {
    const { port } = server.address() as AddressInfo;
    const env = { ...process.env, TROUPE_URL: `nats://127.0.0.1:${port}`, TROUPE_USER: 'me' };
    const child = spawn(process.execPath, [launcher, 'get', 'pods'], { env, stdio: 'ignore' });
    await once(server, 'connection');
    const ended = once(child, 'exit');
    child.kill(signal);
    expect(await ended).toEqual([code, null]);
  } finally {
    server.close();
  }
});
