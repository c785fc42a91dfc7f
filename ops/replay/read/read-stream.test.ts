import { readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type Msg, type NatsConnection } from 'nats';
import { describe, expect, it } from 'vitest';
import { startNatsServer, type TestNatsServer } from '../../../test/support/nats-server.ts';
import { type Lost, type ReadOptions, readStream } from './read-stream.ts';

const withNumbers = async (
  many: number,
  bytes: number,
  what: (server: TestNatsServer, nc: NatsConnection) => Promise<void>,
): Promise<void> => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url });
  try {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'numbers', subjects: ['numbers.*'], allow_direct: true });
    for (let at = 1; at <= many; at++)
      await jetstream(nc).publish(`numbers.${at % 2 === 0 ? 'even' : 'odd'}`, new Uint8Array(bytes).fill(at));
    await what(server, nc);
  } finally {
    await nc.close();
    await server.stop();
  }
};

async function read(nc: NatsConnection, options: ReadOptions = {}) {
  const sequences: number[] = [];
  const lost: Lost[] = [];
  for await (const { sequence, data } of readStream(nc, 'numbers', { onLost: (one) => lost.push(one), ...options })) {
    expect(data[0]).toBe(sequence % 256);
    sequences.push(sequence);
  }
  return { sequences, lost };
}

const upTo = (last: number): number[] => Array.from({ length: last }, (_, at) => at + 1);

it('half of a stream is never taken for the whole: a connection that ends in the middle is an error', async () => {
  await withNumbers(24, 1024 * 1024, async (_server, nc) => {
    const seen: number[] = [];
    const half = async (): Promise<void> => {
      for await (const { sequence } of readStream(nc, 'numbers')) {
        seen.push(sequence);
        if (seen.length === 5) await nc.close();
      }
    };
    await expect(half()).rejects.toThrow('read numbers: the connection to the nats-server was lost; try again');
    expect(seen.length).toBeLessThan(24);
  });
});

it('reads more than a batch holds, of all subjects or one, and messages as large as a batch', async () => {
  await withNumbers(20, 1024 * 1024, async (_server, nc) => {
    await jetstream(nc).publish('numbers.odd', new Uint8Array(8 * 1024 * 1024 - 1024).fill(21));
    await jetstream(nc).publish('numbers.even', new Uint8Array(1).fill(22));
    expect(await read(nc)).toEqual({ sequences: upTo(22), lost: [] });
    const even = upTo(22).filter((at) => at % 2 === 0);
    expect(await read(nc, { subject: 'numbers.even' })).toEqual({ sequences: even, lost: [] });
    expect(await read(nc, { subject: 'numbers.none' })).toEqual({ sequences: [], lost: [] });
  });
});

it('reads a stream that allows no direct gets, and one of which the beginning was dropped', async () => {
  await withNumbers(9, 10, async (_server, nc) => {
    const { streams } = await jetstreamManager(nc);
    await streams.purge('numbers', { seq: 4 });
    await streams.update('numbers', { allow_direct: false });
    expect(await read(nc)).toEqual({ sequences: upTo(9).slice(3), lost: [] });
  });
});

it('what comes while the server counts by subject, after it has looked at the rest, is not taken for lost', async () => {
  await withNumbers(9, 10, async (_server, nc) => {
    const ask = nc.request.bind(nc);
    nc.request = async (...asked) => {
      const answer = await ask(...asked);
      if (!Buffer.from((asked[1] ?? '') as Uint8Array).includes('subjects_filter')) return answer;
      await jetstream(nc).publish('numbers.even', new Uint8Array(10).fill(10));
      const before = answer.json<{ state: object }>();
      const { state } = (await ask(...asked)).json<{ state: { subjects: object } }>();
      const told = { ...before, state: { ...before.state, subjects: state.subjects } };
      return { data: Buffer.from(JSON.stringify(told)) } as unknown as Msg;
    };
    expect(await read(nc)).toEqual({ sequences: upTo(10), lost: [] });
  });
});

describe('of damaged files', () => {
  /** Spoils the only block of the stream, of a server that has not read it since it started or of one that does not run. */
  async function spoilt(server: TestNatsServer, nc: NatsConnection, runs: boolean, spoil: (block: string) => void) {
    await nc.close();
    await server.restart(); // in order: it writes its index
    if (!runs) await server.kill9();
    const files = readdirSync(server.storeDir, { recursive: true, encoding: 'utf8' });
    spoil(join(server.storeDir, files.find((name) => /\bnumbers\b.*\.blk$/.test(name)) ?? 'none'));
    if (!runs) await server.restart();
    return connect({ servers: server.url });
  }
  const cutTo = (share: number) => (block: string) => truncateSync(block, Math.floor(statSync(block).size * share));
  const flip = (from: number, to: number) => (block: string) => {
    const bytes = readFileSync(block);
    for (let at = Math.floor(bytes.length * from); at < bytes.length * to; at++) bytes[at] = 255 - (bytes[at] ?? 0);
    writeFileSync(block, bytes);
  };

  const SPOILT = [
    { what: 'emptied', spoil: cutTo(0) },
    { what: 'cut to two thirds', spoil: cutTo(2 / 3) },
    { what: 'flipped in the middle', spoil: flip(0.45, 0.46) },
    { what: 'flipped at the end', spoil: flip(0.99, 1) },
    { what: 'deleted', spoil: (block: string) => rmSync(block) },
  ];
  it.each(SPOILT.flatMap((one) => [true, false].map((runs) => ({ ...one, runs }))))(
    'of a block that was $what (server runs: $runs) reads what can be read, and tells how much is lost',
    async ({ spoil, runs }) => {
      await withNumbers(60, 500, async (server, nc) => {
        const again = await spoilt(server, nc, runs, spoil);
        try {
          const { sequences, lost } = await read(again);
          expect(sequences.length).toBeLessThan(60);
          expect(lost).toEqual([{ messages: 60 - sequences.length, of: 60 }]);
          const odd = await read(again, { subject: 'numbers.odd' });
          expect(odd.sequences).toEqual(sequences.filter((at) => at % 2 === 1));
        } finally {
          await again.close();
        }
      });
    },
  );
});
