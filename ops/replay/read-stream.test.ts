import { readdirSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
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

it('messages that the server counts and whose file is empty are not waited for without end', async () => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url });
  const manager = await jetstreamManager(nc);
  await manager.streams.add({ name: 'numbers', subjects: ['numbers'] });
  for (let at = 0; at < 3; at++) await jetstream(nc).publish('numbers', String(at));
  await nc.close();
  await server.restart(); // in order: it remembers the count, and reads a message when it is asked for
  const files = readdirSync(server.storeDir, { recursive: true, encoding: 'utf8' });
  for (const file of files.filter((name) => name.endsWith('.blk'))) truncateSync(join(server.storeDir, file));
  const again = await connect({ servers: server.url });
  try {
    const read = async (): Promise<void> => {
      for await (const { sequence } of readStream(again, 'numbers', 1024, undefined, 300)) expect(sequence).toBe(0);
    };
    await expect(read()).rejects.toThrow(
      'read numbers: the nats-server counts 3 messages more and has sent none for 0.3 s; where its files are damaged, restore them',
    );
  } finally {
    await again.close();
    await server.stop();
  }
});
