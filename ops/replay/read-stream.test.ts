import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect } from 'nats';
import { expect, it } from 'vitest';
import { startNatsServer } from '../../test/support/nats-server.ts';
import { readStream } from './read-stream.ts';

it('half of a stream is never taken for the whole: a connection that ends in the middle is an error', async () => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url });
  try {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'numbers', subjects: ['numbers'] });
    for (let at = 0; at < 49; at++) nc.publish('numbers', String(at));
    await jetstream(nc).publish('numbers', '49'); // stored, and so are those before it
    const seen: number[] = [];
    const read = async (): Promise<void> => {
      const twoAhead = 24 * 1024 * 1024;
      for await (const { sequence } of readStream(nc, 'numbers', twoAhead)) {
        seen.push(sequence);
        if (seen.length === 5) await nc.close();
      }
    };
    await expect(read()).rejects.toThrow('read numbers: the nats-server went away in the middle; try again');
    expect(seen.length).toBeLessThan(50);
  } finally {
    await nc.close();
    await server.stop();
  }
});
