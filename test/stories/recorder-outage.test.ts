import { jetstreamManager } from '@nats-io/jetstream';
import { connect } from 'nats';
import { expect, it } from 'vitest';
import { readJournal } from '../../ops/replay/read-journal.ts';
import { startNatsServer } from '../support/nats-server.ts';
import { NatsRecorder } from '../../actors/kernel/nats-recorder.ts';
import type { Incarnation } from '../../actors/kernel/recorder.ts';

/*
 * Goal: what a broker had not acknowledged when it was killed is in the recording none the less.
 * Method: turns all the time, of more actors than there may be segments under way, while the server is killed and comes back.
 */
const ACTORS = 80;
const ROUNDS = 60;

const incarnationOf = (actor: string): Incarnation => ({
  self: { actor, instance: 'one', caller: 'me', prefix: 'troupe' },
  incarnation: 1,
  config: {},
  seed: [],
  window: 0,
  node: '',
  icu: '',
  build: 'test',
  driver: false,
});

it('loses no turn when the broker is killed and comes back', async () => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 20 });
  try {
    const manager = await jetstreamManager(nc);
    await manager.streams.add({ name: 'troupe-journal', subjects: ['troupe.journal.>'] });
    const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', flushMs: 1, log: () => undefined });
    const incarnations = Array.from({ length: ACTORS }, (_, at) => incarnationOf(`a${at}`));
    const round = async (n: number): Promise<void> => {
      for (const incarnation of incarnations) {
        const rec = { t: 'answer', ask: `${n}.0`, result: new Uint8Array([n]) } as const;
        recorder.record(incarnation, { n, rec, now: n, view: {}, out: [] }, []);
      }
      await new Promise((resolve) => setImmediate(resolve));
    };
    for (let n = 1; n <= ROUNDS / 3; n++) await round(n);
    const killed = server.kill9();
    for (let n = ROUNDS / 3 + 1; n <= (2 * ROUNDS) / 3; n++) await round(n);
    await killed;
    await server.restart();
    for (let n = (2 * ROUNDS) / 3 + 1; n <= ROUNDS; n++) await round(n);
    await recorder.flush();
    expect(recorder.stats()).toMatchObject({ turns: ACTORS * ROUNDS, dropped: 0 });
    const recordings = await readJournal(nc, 'troupe');
    expect(recordings).toHaveLength(ACTORS);
    for (const { turns, dropped } of recordings) {
      expect(dropped).toBe(0);
      expect([...new Set(turns.map(({ n }) => n))]).toEqual(Array.from({ length: ROUNDS }, (_, at) => at + 1));
    }
  } finally {
    await nc.close();
    await server.stop();
  }
});
