import { connect } from 'nats';
import { afterEach, expect, it, vi } from 'vitest';
import { startNatsServer } from '../../../test/support/nats-server.ts';
import { startTcpProxy } from '../../../test/support/tcp-proxy.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { reconnectPace } from './nats-reconnect-pace.ts';

afterEach(() => void vi.restoreAllMocks());

it.each([
  { clock: 'set back by an hour', byMs: -3_600_000 },
  { clock: 'as it was', byMs: 0 },
])(
  'a lost connection is made again at once with a clock that is $clock, and tried at a pace while nobody is there',
  async ({ byMs }) => {
    const server = await startNatsServer({ jetstream: false });
    const proxy = await startTcpProxy(server.port);
    const pace = reconnectPace(100);
    let asked = 0;
    const connection = await connect({
      servers: `nats://127.0.0.1:${proxy.port}`,
      maxReconnectAttempts: -1,
      reconnectDelayHandler: () => {
        asked += 1;
        return pace();
      },
    });
    const heard: string[] = [];
    void (async () => {
      for await (const { type } of connection.status()) heard.push(type);
    })();
    const wall = Date.now.bind(Date);
    vi.spyOn(Date, 'now').mockImplementation(() => wall() + byMs);
    proxy.cut();
    await waitUntil('it is back', 5_000, () => heard.includes('reconnect'));
    await proxy.close();
    const [since, before] = [performance.now(), asked];
    await waitUntil('it has tried for a while', 5_000, () => asked > before + 5);
    expect((performance.now() - since) / (asked - before)).toBeGreaterThan(30);
    await connection.close();
    await server.stop();
  },
);
