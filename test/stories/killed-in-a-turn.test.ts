import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from 'nats';
import { afterAll, beforeAll, beforeEach, expect, it, vi } from 'vitest';
import { MemoryHistory } from '../../actors/kernel/replay.ts';
import { encodeMsgpack } from '../../contracts/codec/codec.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { type Checked, checkRecordings } from '../../ops/replay/play/check.ts';
import { readJournal } from '../../ops/replay/read/read-journal.ts';
import { addJournalStream } from '../support/journal-stream.ts';
import { FLUSH, type Flushed, mortal, startMortal } from '../support/mortal.ts';
import { startNatsServer, type TestNatsServer } from '../support/nats-server.ts';
import { STORY_MS } from '../support/story.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: what is recorded of a process that was killed in the midst of a turn is whole up to its last whole turn, plays back
 * the same, and nothing else is claimed of it.
 * Method: a real process whose actor ends it from within a turn, after it has said something in it; with turns in a segment
 * that nobody wrote yet, with segments on their way, and as soon as it hears. Its recording is read from the journal.
 */
const NEVER_MS = 600_000;
let server: TestNatsServer;
let nc: NatsConnection;
let child: ChildProcess | undefined;

beforeAll(async () => {
  server = await startNatsServer();
  nc = await connect({ servers: server.url });
  await addJournalStream(nc);
});
beforeEach(async () => {
  await (await jetstreamManager(nc)).streams.purge('troupe-journal');
});
afterAll(async () => {
  child?.kill('SIGKILL');
  await nc.close();
  await server.stop();
});

const SUBJECT = SUBJECTS.apply.subject('troupe', { caller: 'me', namespace: '' });
/** What surely is no Secret is recorded in clear. */
const manifest = (body: object): Uint8Array => encodeMsgpack({ kind: 'ConfigMap', ...body });
const send = (body: object): void => nc.publish(SUBJECT, manifest(body));
async function hear(times: number, body: object = {}): Promise<void> {
  for (let at = 0; at < times; at++) send(body);
  await nc.request(SUBJECT, manifest(body), { timeout: 10_000 });
}
const flushed = async (): Promise<Flushed> => (await nc.request(FLUSH, '', { timeout: 10_000 })).json();

/** Ends in the midst of a turn, of which nobody hears anything. */
async function dies(mourned: ChildProcess): Promise<void> {
  const exit = once(mourned, 'exit');
  const answer = nc.request(SUBJECT, manifest({ die: true }), { timeout: 1_000 });
  await expect(answer).rejects.toThrow(/TIMEOUT|timeout/);
  expect(await exit).toEqual([null, 'SIGKILL']);
}

const played = (): Promise<readonly Checked[]> =>
  checkRecordings({
    connection: nc,
    prefix: 'troupe',
    history: new MemoryHistory([]),
    definitionOf: () =>
      mortal(() => {
        throw new Error('the turn in which it died is in its recording');
      }),
  });

/** @returns of each the number of its last turn */
async function expectWhole(incarnations: number): Promise<readonly number[]> {
  const recordings = await readJournal(nc, 'troupe');
  expect(recordings).toHaveLength(incarnations);
  for (const { turns, gaps, dropped } of recordings) {
    expect(turns.map(({ n }) => n)).toEqual(turns.map((_turn, at) => at + 1));
    const calls = turns.filter(({ rec }) => rec.t === 'call');
    expect(calls.map(({ said }) => said.map(({ kind }) => kind).join())).toEqual(calls.map(() => 'reply,publish'));
    expect({ gaps, dropped }).toEqual({ gaps: [], dropped: 0 });
  }
  const all = await played();
  expect(all).toMatchObject(
    recordings.map(({ turns }) => ({ turns: turns.length, skipped: 0, skips: [], dropped: 0, gaps: [] })),
  );
  expect(all.filter((one) => 'divergence' in one || 'problem' in one)).toEqual([]);
  return recordings.map(({ turns }) => turns.length);
}

it('turns that nobody has written yet: it ends where the last acknowledged flush ended, and begins anew', async () => {
  child = await startMortal(server.url, NEVER_MS);
  await hear(20);
  const kept = await flushed();
  expect(kept).toEqual({ turns: 22, dropped: 0 });
  await hear(7);
  await dies(child);
  expect(await expectWhole(1)).toEqual([kept.turns]);

  child = await startMortal(server.url, NEVER_MS);
  await hear(2);
  const again = await flushed();
  await dies(child);
  expect(await expectWhole(2)).toEqual([kept.turns, again.turns]);
});

it('segments on their way: it ends with one of them, none of it cut short', async () => {
  child = await startMortal(server.url, 1);
  await hear(5);
  const kept = await flushed();
  // Each is a segment of its own; all of it in one go, and the end right behind it.
  const pad = 'x'.repeat(300 * 1024);
  for (let at = 0; at < 12; at++) send({ pad });
  await dies(child);
  const [last] = await expectWhole(1);
  expect(last).toBeGreaterThanOrEqual(kept.turns);
  expect(last).toBeLessThanOrEqual(kept.turns + 12);
});

it('under load, as the product records', async () => {
  child = await startMortal(server.url);
  await hear(100);
  const kept = await flushed();
  for (let at = 0; at < 5_000; at++) send({ pad: 'some words' });
  await dies(child);
  const [last] = await expectWhole(1);
  expect(last).toBeGreaterThanOrEqual(kept.turns);
  expect(last).toBeLessThanOrEqual(kept.turns + 5_000 + 1); // and a checkpoint, which is a turn
});
