import { connect } from 'nats';
import { NEVER } from 'rxjs';
import { expect, it } from 'vitest';
import type { Rec } from '../../actors/kernel/contract.ts';
import { defineActor } from '../../actors/kernel/declare.ts';
import type { Incarnation } from '../../actors/kernel/journal/recorder.ts';
import { NatsRecorder } from '../../actors/kernel/nats/nats-recorder.ts';
import { MemoryHistory, replay } from '../../actors/kernel/replay.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import { addJournalStream } from '../support/journal-stream.ts';
import { startNatsServer } from '../support/nats-server.ts';

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
    await addJournalStream(nc);
    const recorder = new NatsRecorder({
      connection: nc,
      prefix: 'troupe',
      flushMs: 1,
      flushWithinMs: 20_000,
      log: () => undefined,
    });
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

it('drops whole segments where the broker cannot keep up, and readers tell where', async () => {
  const server = await startNatsServer();
  const nc = await connect({ servers: server.url });
  try {
    await addJournalStream(nc);
    const log: string[] = [];
    const recorder = new NatsRecorder({ connection: nc, prefix: 'troupe', log: (line) => log.push(line) });
    const incarnation = incarnationOf('busy');
    const body = new Uint8Array(300_000);
    let n = 0;
    const record = (rec: Rec): void => recorder.record(incarnation, { n: ++n, rec, now: n, view: {}, out: [] }, []);
    record({ t: 'start' });
    // All in one go: nothing can be acknowledged meanwhile.
    for (let call = 0; call < 100; call++) record({ t: 'call', id: `c${call}`, subject: 'a.b', headers: {}, body });
    await recorder.flush();
    const { dropped } = recorder.stats();
    expect(dropped).toBeGreaterThan(0);
    expect(log.every((line) => /recording of busy: the broker does not keep up; \d+ turns are lost/.test(line))).toBe(
      true,
    );
    record({ t: 'start' });
    record({ t: 'due' });
    await recorder.flush();

    const [recording] = await readJournal(nc, 'troupe');
    expect(recording?.dropped).toBe(dropped);
    expect(recording?.gaps.reduce((sum, { turns }) => sum + turns, 0)).toBe(dropped);
    expect(recording?.turns.length).toBe(n - dropped);
    const actor = defineActor({ name: 'busy', hears: {}, says: {}, behave: () => NEVER });
    const { turns, gaps } = recording!;
    const played = replay(actor, incarnation, turns, new MemoryHistory([]));
    expect(played.divergence).toBeUndefined();
    expect(played.skips.every(({ why }) => why === 'gap')).toBe(true);
    expect(played.turns).toBe(turns.filter(({ n: at }) => at <= gaps[0]!.after || at > n - 2).length);
  } finally {
    await nc.close();
    await server.stop();
  }
});
