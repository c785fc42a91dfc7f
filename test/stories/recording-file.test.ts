import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { clusterKey } from '../../contracts/store/sealed.ts';
import { exportOf } from '../../ops/replay/export/export.ts';
import { type Checked, checkOne } from '../../ops/replay/play/check.ts';
import { definitionOf } from '../../ops/replay/play/definitions.ts';
import { readHistory } from '../../ops/replay/read/read-history.ts';
import { type Recording, readJournal } from '../../ops/replay/read/read-journal.ts';
import { type RecordingFile, readRecordingFile, writeRecordingFile } from '../../ops/replay/read/recording-file.ts';
import { expectReplays, PREFIX, type SimulatedCluster, startSimulatedCluster } from '../support/simulated-cluster.ts';
import { STORY_MS } from '../support/story.ts';
import { podRuns } from '../support/workloads.ts';

vi.setConfig({ testTimeout: STORY_MS });

/*
 * Goal: a recording leaves the cluster as one file, which says nothing of a secret and is played anywhere.
 * Method: a cluster in which a secret is written, read and used is exported; the file is searched, played where no socket
 * can be opened, with and without the key, and spoiled in every way that a file can be.
 */
const VALUE = 'hunter2-is-the-value-of-this-secret';
const MANIFEST = `
apiVersion: v1
kind: Secret
metadata: { name: db, namespace: default }
stringData: { password: ${VALUE} }
---
apiVersion: v1
kind: Pod
metadata: { name: reader, namespace: default }
spec:
  containers:
    - name: main
      image: app
      env: [{ name: PASSWORD, valueFrom: { secretKeyRef: { name: db, key: password } } }]
`;

let cluster: SimulatedCluster;
let folder: string;
let recordings: readonly Recording[];
let path: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-recording-'));
  path = join(folder, 'all.troupe');
  cluster = await startSimulatedCluster({ runtime: { images: { app: { present: true, run: () => ({}) } } } });
  const { client } = cluster;
  await client.applyManifest('default', MANIFEST);
  await podRuns(client, 'reader');
  await client.patch('secrets', { namespace: 'default', name: 'db' }, { stringData: { other: VALUE } });
  await client.get('secrets', { namespace: 'default', name: 'db' });
  // Where nobody expects one: refused, but heard.
  const misplaced = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'x' }, stringData: { password: VALUE } };
  await expect(client.create('pods', 'default', misplaced)).rejects.toThrow();
  await expectReplays(cluster);
  recordings = await readJournal(client.connection, PREFIX);
  writeRecordingFile(path, exportOf(PREFIX, recordings, await readHistory(client.connection, PREFIX)));
});
afterAll(async () => {
  await cluster?.stop();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(() => vi.restoreAllMocks());

const play = async ({ recordings: played, history, sealer }: RecordingFile): Promise<readonly Checked[]> => {
  const connect = vi.spyOn(Socket.prototype, 'connect');
  const checked: Checked[] = [];
  for (const recording of played) {
    if (recording.incarnation.driver) continue;
    checked.push(await checkOne(recording, { history, definitionOf, ...(sealer === undefined ? {} : { sealer }) }));
  }
  expect(connect).not.toHaveBeenCalled();
  return checked;
};
const troubles = (checked: readonly Checked[]) =>
  checked.filter(({ divergence, problem }) => divergence !== undefined || problem !== undefined);

it('with the key, every actor is played to its last turn and says the same', async () => {
  const file = readRecordingFile(path, cluster.key);
  expect(file.recordings.map(({ incarnation }) => incarnation)).toEqual(
    recordings.map(({ incarnation }) => incarnation),
  );
  const checked = await play(file);
  expect(troubles(checked)).toEqual([]);
  expect(checked.filter(({ skipped }) => skipped > 0)).toEqual([]);
  const turns = new Map(recordings.map(({ incarnation, turns: { length } }) => [incarnation.self.actor, length]));
  for (const one of checked) expect(one.turns, one.actor).toBe(turns.get(one.actor));
});

it('without the key, who hears of no secret is played as well, and who does is skipped from there, in so many words', async () => {
  const checked = await play(readRecordingFile(path));
  expect(troubles(checked)).toEqual([]);
  const skipping = checked.filter(({ skipped }) => skipped > 0);
  expect(skipping.map(({ actor }) => actor)).toEqual(['api-server']);
  expect(skipping[0]?.skips.map(({ why, what }) => ({ why, what }))).toEqual([
    {
      why: 'sealed',
      what: "its input carries secret data that is sealed; with the cluster's key it can be played",
    },
  ]);
  for (const { actor, turns } of checked) expect(turns, actor).toBeGreaterThan(0);
});

it('nothing in it tells of the secret, and no hash in it can be made by guessing', async () => {
  const clear: string[] = [];
  const file = readRecordingFile(path);
  const bytes = (value: unknown): string =>
    JSON.stringify(value, (_, inner: unknown) =>
      inner instanceof Uint8Array ? Buffer.from(inner).toString('latin1') : inner,
    );
  for (const { incarnation, turns } of file.recordings) clear.push(bytes(incarnation), bytes(turns));
  clear.push(bytes(file.history.all), bytes(file.history.bases));
  const text = clear.join('\n');
  expect(text).toContain('reader');
  for (const word of [VALUE, Buffer.from(VALUE).toString('base64')]) expect(text.includes(word), word).toBe(false);

  const api = file.recordings.find(({ incarnation }) => incarnation.self.actor === 'api-server');
  const create = api?.turns.filter(({ rec }) => rec.t === 'call' && /create\.pods\.default/.test(rec.subject)) ?? [];
  expect(create.map(({ sealed }) => sealed)).toContain(true);
  const withKey = (await play(readRecordingFile(path, cluster.key))).find(({ actor }) => actor === 'api-server');
  expect(withKey?.divergence).toBeUndefined();
  const told = api?.turns.flatMap(({ said }) => said) ?? [];
  expect(told.filter(({ keyed }) => keyed === true).length).toBeGreaterThan(3);
});

it('holds of the store what its actors watch, and no more', async () => {
  const one = join(folder, 'scheduler.troupe');
  const history = await readHistory(cluster.client.connection, PREFIX);
  const scheduler = recordings.filter(({ incarnation }) => incarnation.self.actor === 'scheduler');
  writeRecordingFile(one, exportOf(PREFIX, scheduler, history));
  const file = readRecordingFile(one);
  const { all, bases } = file.history;
  const kinds = new Set([...all, ...bases.flatMap(({ entries }) => entries)].map(({ key }) => key.split('.')[0]));
  expect(kinds).toEqual(new Set(['epochs', 'nodes', 'pods']));
  const [checked] = await play(file);
  expect(checked).toMatchObject({ actor: 'scheduler', turns: scheduler[0]?.turns.length, skips: [] });
});

it('a place where it cannot be written is a clear error', () => {
  const nowhere = join(folder, 'no', 'such', 'folder.troupe');
  const content = { prefix: PREFIX, recordings: [], history: { all: [], bases: [], holes: [] } };
  expect(() => writeRecordingFile(nowhere, content)).toThrow(
    `write ${nowhere}: the folder ${join(folder, 'no', 'such')} does not exist; create it, or give another path with -o`,
  );
  expect(() => writeRecordingFile(join(path, 'below'), content)).toThrow(
    `write ${join(path, 'below')}: ${path} is not a folder; give another path with -o`,
  );
  expect(() => writeRecordingFile(folder, content)).toThrow(/write .*: it is a folder; name a file with -o/);
});

it('a pipe is written to, and not replaced by a file', async () => {
  const pipe = join(folder, 'pipe');
  execFileSync('sh', ['-c', 'mkfifo "$0"', pipe]);
  const reader = spawn('cat', [pipe], { stdio: ['ignore', 'pipe', 'inherit'] });
  const heard: Buffer[] = [];
  reader.stdout.on('data', (data: Buffer) => heard.push(data));
  const size = writeRecordingFile(pipe, {
    prefix: PREFIX,
    recordings: [],
    history: { all: [], bases: [], holes: [] },
  });
  await once(reader, 'close');
  expect(Buffer.concat(heard)).toHaveLength(size);
  expect(statSync(pipe).isFIFO()).toBe(true);
});

it('a part begins at the start from which it can be played', async () => {
  const history = await readHistory(cluster.client.connection, PREFIX);
  const api = recordings.filter(({ incarnation }) => incarnation.self.actor === 'api-server');
  const last = api[0]?.turns.at(-1)?.n ?? 0;
  const content = exportOf(PREFIX, api, history, { from: { turn: last - 5 }, to: { turn: last - 2 } });
  expect(content.recordings.map(({ turns }) => [turns[0]?.rec.t, turns.at(-1)?.n])).toEqual([['start', last - 2]]);
  expect(exportOf(PREFIX, api, history, { from: { turn: last + 1 } }).recordings).toEqual([]);
});

describe('a file that is not what was written is a clear error', () => {
  const spoil = (change: (bytes: Buffer) => Uint8Array): (() => RecordingFile) => {
    const spoilt = join(folder, 'spoilt.troupe');
    writeFileSync(spoilt, change(readFileSync(path)));
    return () => readRecordingFile(spoilt);
  };
  const flip = (at: number) => (bytes: Buffer) => {
    bytes[at] = (bytes[at] ?? 0) ^ 0x10;
    return bytes;
  };

  it.each([
    { why: 'empty', change: () => new Uint8Array(0), error: /it is not a recording file/ },
    { why: 'something else', change: () => Buffer.from('{"kind":"Pod"}'), error: /it is not a recording file.*export/ },
    {
      why: 'of a later version',
      change: flip(16),
      error: /its format is version 17, and this build reads version 1 only; use the build of troupe that wrote it/,
    },
    { why: 'without its last byte', change: (bytes: Buffer) => bytes.subarray(0, -1), error: /cut short or damaged/ },
    {
      why: 'half of it',
      change: (bytes: Buffer) => bytes.subarray(0, bytes.length / 2),
      error: /cut short or damaged/,
    },
    {
      why: 'with more at its end',
      change: (bytes: Buffer) => Buffer.concat([bytes, bytes]),
      error: /bytes follow its end/,
    },
  ])('$why', ({ change, error }) => {
    expect(spoil(change)).toThrow(error);
  });

  it('one bit of any byte flipped', () => {
    const size = readFileSync(path).length;
    const places = Array.from({ length: 150 }, (_, n) => Math.floor((n * size) / 150));
    for (const at of [...places, size - 1]) {
      expect(spoil(flip(at)), `byte ${at}`).toThrow(
        /open .*spoilt\.troupe: it(s format)? is (damaged|cut short|not a recording|version)/,
      );
    }
  });

  it('with the key of another cluster', () => {
    expect(() => readRecordingFile(path, clusterKey(new Uint8Array(32)))).toThrow(
      /open .*: its secret data is sealed with another key than the one given; give cluster\.key of the home/,
    );
  });
});
