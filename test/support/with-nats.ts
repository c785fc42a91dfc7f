import type { NatsConnection } from 'nats';
import { beforeAll } from 'vitest';
import { connectAs, startNatsServer, type TestNatsServer } from './nats-server.ts';

/** Hands over a server and a connection to it before the first test of a file; both end after its last. */
export function withNats(take: (connection: NatsConnection, server: TestNatsServer) => void): void {
  beforeAll(async () => {
    const server = await startNatsServer();
    const connection = await connectAs(server);
    take(connection, server);
    return async () => {
      await connection.close();
      await server.stop();
    };
  });
}
