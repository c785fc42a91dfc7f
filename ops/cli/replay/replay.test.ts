import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough, Readable } from 'node:stream';
import { afterAll, afterEach, beforeAll, expect, it, vi } from 'vitest';
import type { SaidThen } from '../../../actors/kernel/journal/journal.ts';
import { MemoryHistory } from '../../../actors/kernel/replay.ts';
import type { Heard } from '../../../actors/kernel/testing/test-world.ts';
import { scheduler } from '../../../actors/scheduler/scheduler.ts';
import { scoreLeastAllocated } from '../../../actors/scheduler/score-least-allocated.ts';
import { run, silent, typeLine } from '../../../test/support/command-line.ts';
import { saveRecording } from '../../../test/support/save-recording.ts';
import { waitUntil } from '../../../test/support/wait-until.ts';
import { nodeNamed, podNamed, RecordingWorld, recordScheduling } from '../../bench/make-recording.ts';
import { BUILD } from '../../boot/home/build.ts';
import { launcher, projectRoot } from '../../boot/home/project-root.ts';
import { declaredActors } from '../../boot/roles/hosted-actors.ts';
import { up } from '../../boot/up.ts';
import { watchedBy } from '../../replay/read/history-kinds.ts';
import type { Playable } from '../../replay/read/playable.ts';
import { decodeRecordingFile, writeRecordingFile } from '../../replay/read/recording-file.ts';
import { interactive } from './line-editor.ts';

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-replay-'));
  mkdirSync(join(folder, 'recordings'));
  file = save('recordings/scheduler.troupe', recordScheduling({ nodes: 4, pods: 60, batch: 2, checkpointTurns: 50 }));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

const save = (name: string, playable: Playable): string => saveRecording(join(folder, name), playable);

/** Somebody turns a weight round: the fuller node is the better one. */
const preferTheFuller = (): void => {
  const { score } = scoreLeastAllocated;
  vi.spyOn(scoreLeastAllocated, 'score').mockImplementation((...about) => 100 - score(...about));
};

it('plays a file that today plays the same', async () => {
  const { code, out } = await run('replay', file);
  expect(out).toMatch(/RECORDING +STARTED +SAME TURNS +RESULT\nscheduler\/test +2026-01-01 00:00:00 +\d+ +same\n$/);
  expect(code).toBe(0);
});

it('stops at the first turn that goes differently: input, then and now, scores, causes, and what to type next', async () => {
  preferTheFuller();
  const { code, out } = await run('replay', file);
  expect(code).toBe(1);
  expect(out).toMatch(/scheduler\/test acts differently at turn \d+, 2026-01-01 00:00:00\.\d{3}, revision \d+\n/);
  expect(out).toMatch(/finding {2}thing \d of \d said differs in its body: bind on /);
  expect(out).toMatch(/heard {4}change of pods default\/web-\d+/);
  expect(out).toMatch(/ {6}- target\.name: node-\d\n {6}\+ target\.name: node-\d\n/);
  expect(out).toMatch(/NODE +LEAST ALLOCATED +BALANCED +TAINTS +TOTAL +CHOSEN\n/);
  expect(out).toMatch(/scores of the nodes for default\/web-\d+\n/);
  expect(out).toMatch(/node-\d +\d+\.\d\d -> \d+\.\d\d .* \d+\.\d\d -> \d+\.\d\d +now\n/);
  expect(out).toMatch(/node-\d +\d+\.\d\d -> \d+\.\d\d .* \d+\.\d\d -> \d+\.\d\d +then\n/);
  expect(out).toMatch(
    /because .*\n +00:00:00\.\d{3} {2}scheduler\/test \d+ {2}heard that pods default\/web-\d+ was written/,
  );
  expect(out).toContain(`troupe replay ${file} -i --to `);
});

it('shows of then the choice alone where its scores were not recorded', async () => {
  const recorded = recordScheduling({ nodes: 4, pods: 20, batch: 2 });
  const unexplained = (said: SaidThen): SaidThen => {
    const { why: _, ...rest } = said;
    return rest;
  };
  const turns = recorded.turns.map((turn) => ({ ...turn, said: turn.said.map(unexplained) }));
  const silent = save('silent.troupe', { ...recorded, turns });
  preferTheFuller();
  const { out } = await run('replay', silent);
  expect(out).toMatch(/scores of the nodes for default\/web-\d+ \(then: only the choice is known\)\n/);
  expect(out).toMatch(/node-\d .* now\n/);
  expect(out).toMatch(/node-\d .* then\n/);
  expect(out).not.toContain('->');
});

it('of many nodes the best are recorded: what the others had then is bounded', async () => {
  const many = save('many.troupe', recordScheduling({ nodes: 40, pods: 20, batch: 20 }));
  preferTheFuller();
  const { out } = await run('replay', many);
  expect(out).toMatch(/node-\d+ +\? -> \d+\.\d\d .* <= \d+\.\d\d -> \d+\.\d\d/);
});

it('tells programs the same as JSON', async () => {
  preferTheFuller();
  const { out } = await run('replay', file, '-o', 'json');
  const [{ name, divergence }] = JSON.parse(out) as [{ name: string; divergence: Record<string, unknown> }];
  expect(name).toBe('scheduler/test');
  expect(divergence).toMatchObject({
    turn: expect.any(Number) as number,
    heard: { what: expect.stringContaining('change of pods') as string },
    said: expect.arrayContaining([expect.objectContaining({ same: false })]) as unknown[],
    causes: [expect.objectContaining({ actor: 'scheduler/test' })],
  });
});

it('judges by shape alone where that is asked for', async () => {
  preferTheFuller();
  expect(await run('replay', file, '--level', 'shape')).toMatchObject({ code: 0 });
  expect(await run('replay', 'check', join(folder, 'recordings'), '--level', 'shape')).toMatchObject({ code: 0 });
});

it('plays a part', async () => {
  const whole = await run('replay', file, '-o', 'json');
  const [{ turns }] = JSON.parse(whole.out) as [{ turns: number }];
  const part = await run('replay', file, '--from', '20', '--to', '29', '-o', 'json');
  expect(JSON.parse(part.out)).toMatchObject([{ turns: 10, skipped: 0 }]);
  expect(turns).toBeGreaterThan(100);
  expect(await run('replay', file, '--from', '9999')).toMatchObject({
    code: 2,
    err: expect.stringMatching(/no turn lies between --from and --to; there are turns 1 to \d+/) as string,
  });
});

it('shows one turn whole', async () => {
  const { out, code } = await run('replay', file, '--turn', '3');
  expect(code).toBe(0);
  expect(out).toMatch(/^scheduler\/test turn 3, .*\n\nfinding {2}the same then and now\nheard {4}change of pods /);
  expect(out).toMatch(/said\n {2}= bind .*\n {6}apiVersion: v1\n/);
});

it('compares and makes smaller every start of an actor, not the last alone', async () => {
  const before = recordScheduling({ nodes: 4, pods: 20, batch: 2 });
  const after = recordScheduling({ nodes: 4, pods: 2, batch: 2 });
  const later = { ...after.incarnation, incarnation: after.incarnation.incarnation + 60_000 };
  const path = join(folder, 'two-starts.troupe');
  const recordings = [
    { incarnation: before.incarnation, turns: before.turns },
    { incarnation: later, turns: after.turns.slice(0, 1) },
  ];
  writeRecordingFile(path, { prefix: 'troupe', recordings, history: before.history as MemoryHistory });
  const itself = await run('replay', 'diff', path, path);
  expect(itself).toMatchObject({ code: 0, err: '' });
  expect(itself.out).toMatch(
    /^scheduler\/test, started 2026-01-01 00:00:00 {2}[^]*\nscheduler\/test, started 2026-01-01 00:01:00 {2}/,
  );
  expect(itself.out).toContain(`against ${path}, started 2026-01-01 00:01:00 (+)`);
  const one = save('one-start.troupe', before);
  for (const [a, b] of [
    [path, one],
    [one, path],
  ] as const) {
    const apart = await run('replay', 'diff', a, b);
    expect(apart.out).toMatch(/\n {2}all \d+ decisions of \d+ turns stay the same\n$/);
    expect(apart.err).toBe(
      `scheduler/test, started 2026-01-01 00:01:00 in ${path} is not compared: ${one} has no matching start\n`,
    );
  }
  const wish = join(folder, 'cordoned.yaml');
  writeFileSync(wish, 'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nspec: { unschedulable: true }\n');
  expect((await run('replay', path, '--what-if', wish)).out).toMatch(
    /^scheduler\/test, started 2026-01-01 00:00:00 [^]* placements change, [^]*scheduler\/test, started 2026-01-01 00:01:00 /,
  );
  preferTheFuller();
  const small = await run('replay', 'minimise', path, '-o', join(folder, 'smaller.troupe'));
  expect(small.out).toMatch(/^scheduler\/test, started 2026-01-01 00:00:00: \d+ turns reduced to \d/);
});

it('counts what was said in one recording alone among all that was said', async () => {
  const long = recordScheduling({ nodes: 4, pods: 20, batch: 2 });
  const short = save('short.troupe', { ...long, turns: long.turns.slice(0, Math.floor(long.turns.length / 2)) });
  const { out } = await run('replay', 'diff', short, save('long.troupe', long), '-o', 'json');
  const [{ tallies }] = JSON.parse(out) as [{ tallies: { say: string; of: number; changed: number }[] }];
  const binds = tallies.find(({ say }) => say === 'bind');
  expect(binds?.of).toBe(20);
  expect(binds?.changed).toBeGreaterThan(0);
  expect(binds?.changed).toBeLessThan(20);
});

it('says how many states there were to compare, and when there were none', async () => {
  expect(await run('replay', file, '--level', 'state')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/ +\d+ +same \(\d+ states\)\n$/) as string,
  });
  expect(await run('replay', file, '--level', 'state', '--to', '3')).toMatchObject({
    code: 3,
    out: expect.stringMatching(/ +3 +nothing to compare: no turn has a recorded state\n$/) as string,
  });
});

it('tells the starts of one actor apart: a turn of an earlier one is meant by a time at which that ran', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 4, pods: 8, batch: 2 });
  const earlier = (ms: number): number => ms - 3_600_000;
  const before = {
    incarnation: { ...incarnation, incarnation: earlier(incarnation.incarnation) },
    turns: turns.slice(0, 3).map((turn) => ({ ...turn, now: earlier(turn.now) })),
  };
  const path = join(folder, 'starts.troupe');
  const recordings = [before, { incarnation, turns: turns.slice(3) }];
  writeRecordingFile(path, { prefix: 'troupe', recordings, history: history as MemoryHistory });
  const { out } = await run('replay', path, '--about', 'default/web-0', '--to', '3');
  expect(out).toBe('');
  const found = await run('replay', path, '--about', 'default/web-0', '--to', '2025-12-31T23:30');
  expect(found.out).toMatch(/^scheduler\/test, started 2025-12-31 23:00:00\n/);
  const [, , hint = ''] =
    /(show one in full: troupe replay .*) (--turn 3 --to 2025-12-31T23:00:00\.\d{3}Z)\n$/.exec(found.out) ?? [];
  expect((await run('replay', path, ...hint.split(' '))).out).toMatch(/^scheduler\/test turn 3, 2025-12-31 23:00:00/);
  expect((await run('replay', path, '--turn', '3')).err).toMatch(
    /there is no turn 3; the recording has turns 4 to \d+; the recording of the start at 2025-12-31T23:00:00\.000Z has it: add --to 2025-12-31T23:00:00\.\d{3}Z\n$/,
  );
  expect(await run('replay', path, '--turn', '3', '--to', '2025-12-31')).toMatchObject({
    code: 2,
    err: 'troupe replay: nothing is recorded up to --to 2025-12-31; it begins at 2025-12-31 23:00:00.000\n',
  });
  const shown: string[] = [];
  const terminal = { ...silent, out: (text: string) => void shown.push(text) };
  const typist = { input: Readable.from('where\n'), output: new PassThrough() };
  await interactive(path, { turn: '3', to: '2025-12-31T23:30' }, terminal, typist);
  expect(shown.join('')).toMatch(/turn +3 of 3, 2025-12-31 23:00:00/);
});

it('says that a file holds nothing of a kind that its actors do not watch, not that there was none', async () => {
  const shown: string[] = [];
  const terminal = { ...silent, out: (text: string) => void shown.push(text) };
  const looks = ['view configmaps', 'view cm/kube-root-ca.crt', 'view events', 'view pods', 'goto 3', 'view pods'];
  const typist = { input: Readable.from(looks.map((line) => `${line}\n`)), output: new PassThrough() };
  const path = join(folder, 'watched.troupe');
  const playable = recordScheduling({ nodes: 4, pods: 60, batch: 2, checkpointTurns: 50 });
  const { incarnation, turns, history } = playable;
  writeRecordingFile(path, {
    prefix: 'troupe',
    recordings: [{ incarnation, turns }],
    history: history as MemoryHistory,
    kinds: watchedBy(playable),
  });
  await interactive(path, { turn: '2' }, terminal, typist);
  const untold =
    'the history in this file has only what its actors watch (nodes, pods), so it is unknown whether there were configmaps; play the home, or an export of all actors\n';
  const told = shown.filter((text) => !text.includes('> ')).slice(2);
  expect(told.slice(0, 4)).toEqual([
    untold,
    untold,
    'events have no history, so none can be shown; "break --kind events" finds the turns that send one\n',
    'there are no pods at revision 4\n',
  ]);
  expect(told.at(-1)).toMatch(/^NAMESPACE +NAME .*\ndefault +web-0 /);
});

it('a script that is ended in its middle goes no further, though its next lines have been read', async () => {
  const shown: string[] = [];
  const ended = new AbortController();
  const out = (text: string): void => {
    shown.push(text);
    if (text.endsWith('> where\n')) ended.abort();
  };
  const typist = { input: Readable.from('where\nrun\n'), output: new PassThrough() };
  const played = interactive(file, { turn: '2' }, { ...silent, signal: ended.signal, out }, typist);
  await expect(played).rejects.toMatchObject({ code: 130 });
  expect(shown.at(-1)).toMatch(/^turn +2 of /);
});

it('what a file says that it holds counts, not what its actors watch in the build at hand', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 0, pods: 2, batch: 1 });
  const path = join(folder, 'narrow.troupe');
  const content = { prefix: 'troupe', recordings: [{ incarnation, turns }], history: history as MemoryHistory };
  writeRecordingFile(path, { ...content, kinds: new Set(['pods']) });
  const shown: string[] = [];
  const terminal = { ...silent, out: (text: string) => void shown.push(text) };
  await interactive(path, { turn: '2' }, terminal, { input: Readable.from('view nodes\n'), output: new PassThrough() });
  expect(shown.at(-1)).toMatch(
    /^the history in this file has only what its actors watch \(pods\), so it is unknown whether there were nodes;/,
  );
});

it('a recording of a newer build is said to be one, before what this build does not know of counts as a difference', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 1, pods: 2, batch: 1 });
  const saveOf = (build: string): string =>
    save(`built-${build}.troupe`, { incarnation: { ...incarnation, build }, turns, history });
  const newer = saveOf('9.10.0');
  const told = `${newer} was recorded by build 9.10.0, which is newer than this build, ${BUILD}: what is new in it counts as a difference; play it with 9.10.0 to see none\n`;
  for (const args of [[newer], [newer, '--turn', '2'], ['minimise', newer, '-o', join(folder, 'never.troupe')]])
    expect((await run('replay', ...args)).err, args.join(' ')).toContain(told);
  const hashed = saveOf('9.10.0+3f9a12bc04');
  expect((await run('replay', hashed)).err).toContain('was recorded by build 9.10.0+3f9a12bc04, which is newer');
  for (const build of [BUILD, `${BUILD}+another`, '0.0.9+3f9a12bc04', '0.0.9', '', 'mine'])
    expect((await run('replay', saveOf(build))).err, build).not.toContain('newer');
});

it('an object may be named with its kind, as view names it', async () => {
  const plain = (await run('replay', file, '--about', 'default/web-0')).out;
  for (const name of ['pod/web-0', 'pods/default/web-0', 'po/web-0', 'Pod/web-0'])
    expect((await run('replay', file, '--about', name)).out, name).toBe(plain);
  expect((await run('replay', file, '--about', 'pod/other/web-0')).err).toContain('is about pod/other/web-0');
  expect((await run('replay', file, '--about', 'pot/web-0')).err).toContain('is about pot/web-0');
});

it('what is to be typed next keeps the key and the level with which this was played', async () => {
  const key = join(folder, 'own.key');
  writeFileSync(key, 'ab'.repeat(32));
  preferTheFuller();
  const given = ['--level', 'strict', '--key', key];
  expect((await run('replay', file, ...given)).out).toContain(
    `step through it there: troupe replay ${file} --key ${key} --level strict -i --to `,
  );
  expect((await run('replay', file, '--key', key, '--about', 'web-0')).out).toContain(
    `show one in full: troupe replay ${file} --key ${key} --turn `,
  );
});

it('of several pods that had one name, lists the turns of the newest, and of another by its uid', async () => {
  const recording = new RecordingWorld(scheduler);
  const { world } = recording;
  recording.put('nodes', nodeNamed('n1', '4'));
  world.start();
  for (const uid of ['1b4e28ba-2fa1', '6fa459ea-ee8a', '7d444840-9dc0']) {
    const pod = podNamed('web-0');
    recording.put('pods', { ...pod, metadata: { ...pod.metadata, uid } });
    world.settle();
    for (const { id } of world.said('bind')) world.answer(id, {});
    world.settle();
    recording.remove('pods', 'default', 'web-0');
    world.settle();
    world.advance(1_000);
  }
  const path = save('thrice.troupe', recording.playable());
  const turnsOf = (out: string): readonly string[] => out.match(/^ +\d+ {2}/gm) ?? [];
  const newest = await run('replay', path, '--about', 'pod/web-0');
  expect(newest.out).toMatch(
    /\n2 other objects of the name default\/web-0 not shown; choose with:\n {2}--uid 6fa459ea {2}pods, since .*\n {2}--uid 1b4e28ba {2}pods, since .*\n/,
  );
  const others = await Promise.all(
    ['6fa459ea', '1b4e28ba'].map((uid) => run('replay', path, '--about', 'pod/web-0', '--uid', uid)),
  );
  const listed = [newest, ...others].map(({ out }) => turnsOf(out));
  for (const turns of listed) expect(turns.length).toBeGreaterThanOrEqual(3);
  expect(new Set(listed.flat()).size).toBe(listed.flat().length); // no turn is listed for two of them
  const [json] = JSON.parse((await run('replay', path, '--about', 'web-0', '-o', 'json')).out) as object[];
  expect(json).toMatchObject({ uids: ['7d444840-9dc0'], others: ['6fa459ea-ee8a', '1b4e28ba-2fa1'] });
  expect((await run('replay', path, '--about', 'web-0', '--uid', 'f')).err).toMatch(
    /no web-0 with a uid that begins with "f" is recorded; there are: --uid 1b4e28ba-2fa1, --uid /,
  );
  expect((await run('replay', path, '--uid', 'f')).err).toMatch(/leave out --uid/);
});

it('lists the turns about an object, and shows why it was placed where it was', async () => {
  const { out, code } = await run('replay', file, '--about', 'default/web-0');
  expect(code).toBe(0);
  expect(out).toMatch(
    /^scheduler\/test\n +3 {2}00:00:00\.000 {2}change {2}pods default\/web-0.* -> bind.*\n[^]*show one in full: .* --turn 3\n$/,
  );
  expect((await run('replay', file, '--turn', '3')).out).toMatch(
    /scores of the nodes for default\/web-0\n +NODE .*\n +node-\d .* then, now\n/,
  );
  expect(await run('replay', file, '--about', 'nobody')).toMatchObject({
    out: '',
    err: expect.stringMatching(
      /is about nobody, and nothing recorded there of other actors is; check the name/,
    ) as string,
  });
  expect((await run('replay', file, '--about', 'default/web-0', '--from', '40')).err).toMatch(
    /is about default\/web-0 between --from and --to; without them there is\n$/,
  );
});

it('of an object that the actor knows nothing of, those that do are named, with what to type', async () => {
  const rollout = join(import.meta.dirname, '../../../test/fixtures/decisions/rollout.troupe');
  const { err, code } = await run('replay', rollout, '--actor', 'scheduler', '--about', 'deployments/web');
  expect(code).toBe(0);
  const [, actors = '', actor = '', about] =
    /^.*nothing in .* is about deployments\/web; turns of (.*) are: troupe replay \S+rollout\.troupe --actor (\S+) (--about \S+)\n$/.exec(
      err,
    ) ?? [];
  expect(actors.split(', ')).toEqual(expect.arrayContaining(['deployment', 'api-server']));
  expect((await run('replay', rollout, '--actor', actor, ...(about ?? '').split(' '))).out).toContain(`${actor}/`);
});

it('checks a folder: which decisions change, and the exit code says so', async () => {
  const same = await run('replay', 'check', join(folder, 'recordings'));
  expect(same.out).toMatch(/scheduler\.troupe +scheduler\/test +all \d+ decisions of \d+ turns stay the same\n$/);
  expect(same.code).toBe(0);
  preferTheFuller();
  const changed = await run('replay', 'check', join(folder, 'recordings'));
  expect(changed.code).toBe(1);
  expect(changed.out).toMatch(/\d+ of 60 placements change, first at turn \d+\n/);
  expect(changed.out).toContain('more; --full shows them');
});

it('checking an actor of this home that nobody recorded is refused, and so is a driver, for another reason', async () => {
  const home = join(folder, 'home');
  vi.stubEnv('TROUPE_HOME', home);
  vi.stubEnv('TROUPE_RUNTIME', 'simulated');
  const cluster = await up({ home, port: 0, declaredActors, say: () => undefined });
  try {
    expect(await run('replay', 'nobody', '--check')).toEqual({
      code: 3,
      out: '',
      err: 'troupe replay: no actor "nobody" is recorded; see "troupe record ls"\n',
    });
    // Who stops before the worker has begun leaves no recording of its driver.
    await waitUntil('the worker runs', 30_000, async () => /\bReady\b/.test((await run('get', 'nodes')).out));
  } finally {
    await cluster.stop();
  }
  expect(await run('replay', 'runtime', '--check')).toEqual({
    code: 3,
    out: '',
    err: 'troupe replay: runtime is a driver: it is recorded but cannot be replayed\n',
  });
  expect(await run('record', 'ls', 'nobody')).toMatchObject({
    code: 1,
    err: expect.stringMatching(/^troupe record ls: nobody is not recorded; there are: .*api-server\/.*\n$/) as string,
  });
  const drivers = join(folder, 'drivers.troupe');
  expect((await run('record', 'export', '--actor', 'runtime', '-o', drivers)).err).toMatch(
    /^.*drivers\.troupe: 1 recording of a driver, \d+ turns, .*; recordings of drivers cannot be played\n$/,
  );
  expect((await run('record', 'export', '--actor', 'scheduler', '--from', '99999', '-o', drivers)).err).toMatch(
    /no turn between these points can be played: none is recorded there, or /,
  );
  const pieces: Uint8Array[] = [];
  const outBytes = (bytes: Uint8Array): void => void pieces.push(bytes);
  const out = typeLine(['record', 'export', '--actor', 'scheduler', '-o', '-'], { outBytes });
  expect([await out.code, out.seen.out]).toEqual([0, '']);
  expect(out.seen.err).toMatch(/^standard output: 1 recording, \d+ turns, .*; play it with: troupe replay FILE\n$/);
  const passedOn = decodeRecordingFile('-', Buffer.concat(pieces));
  expect(passedOn.recordings.map(({ incarnation: { self } }) => self.actor)).toEqual(['scheduler']);
  expect(existsSync('-')).toBe(false);
  for (const args of [['store'], ['store', '--check']]) {
    expect(await run('replay', ...args)).toEqual({
      code: 3,
      out: '',
      err: 'troupe replay: store is a driver without a recording; its callers record what they ask it and what it answers: "troupe replay api-server"\n',
    });
  }
}, 60_000);

it('a file that is damaged, or no recording, fails the check with its own code', async () => {
  const bad = join(folder, 'bad');
  mkdirSync(bad);
  cpSync(file, join(bad, 'cut.troupe'));
  writeFileSync(join(bad, 'cut.troupe'), readFileSync(file).subarray(0, 500));
  writeFileSync(join(bad, 'text.troupe'), 'hello');
  const { code, out } = await run('replay', 'check', bad);
  expect(code).toBe(3);
  expect(out).toMatch(/cut\.troupe +open .*\n.*text\.troupe +open /);
});

it('turns that were not recorded are told with their place, though a start after them tells all that there is to know', async () => {
  const recorded = recordScheduling({ nodes: 3, pods: 30, batch: 2, checkpointTurns: 20 });
  const start = recorded.turns.find(({ n, rec }) => n > 1 && rec.t === 'start')?.n ?? 0;
  const turns = recorded.turns.filter(({ n }) => n < start - 4 || n >= start);
  const gapped = save('gapped.troupe', { ...recorded, turns });
  const place = `turns not recorded: 4 after turn ${start - 5}`;
  expect((await run('replay', gapped)).out).toMatch(new RegExp(` ${turns.length} +same \\(${place}\\)\n$`));
  expect(JSON.parse((await run('replay', gapped, '-o', 'json')).out)).toMatchObject([
    { dropped: 4, gaps: [{ after: start - 5, turns: 4 }] },
  ]);
  expect((await run('replay', gapped, '--from', String(start))).out).toMatch(new RegExp(`same \\(${place}\\)\n$`));
  expect((await run('replay', gapped, '--from', String(start + 1))).out).toMatch(/ same\n$/);
  expect((await run('replay', 'check', gapped)).out).toMatch(new RegExp(` stay the same \\(${place}\\)\n$`));
  const whole = save('whole.troupe', recorded);
  expect((await run('replay', 'diff', gapped, whole)).out).toContain(`\n  (${place})\n`);
  const { out, err } = await run('replay', 'diff', whole, gapped);
  expect(err).toBe(`scheduler/test in ${gapped}: ${place}\n`);
  expect(out).not.toContain('not recorded');
});

it('a file that is damaged, cut short or not played at all is told apart from one that differs', async () => {
  const bytes = readFileSync(file);
  const flipped = Buffer.from(bytes);
  flipped[bytes.length >> 1] = (flipped[bytes.length >> 1] ?? 0) ^ 1;
  const bad = join(folder, 'spoilt.troupe');
  for (const [spoilt, finding] of [
    [flipped, /^troupe replay: open .*spoilt\.troupe: it is (damaged|cut short)/],
    [bytes.subarray(0, bytes.length - 7), /^troupe replay: open .*spoilt\.troupe: it is cut short/],
    [Buffer.from('hello'), /^troupe replay: open .*spoilt\.troupe: it is not a recording file/],
  ] as const) {
    writeFileSync(bad, spoilt);
    const { code, err } = await run('replay', bad);
    expect(err).toMatch(finding);
    expect(code).toBe(3);
    expect(await run('replay', 'diff', file, bad)).toMatchObject({ code: 3 });
    expect(await run('replay', bad, '-i')).toMatchObject({ code: 3 });
  }
  const recorded = recordScheduling({ nodes: 2, pods: 6 });
  const late = save('late.troupe', { ...recorded, turns: recorded.turns.slice(3) });
  const { code, out } = await run('replay', late);
  expect(out).toMatch(/ 0 +not played \(\d+ turns could not be played\)\n/);
  expect(out).toMatch(
    /\nscheduler\/test: turns 4 to \d+ not played \(2026-01-01 00:00:00\.\d{3} to 00:00:00\.\d{3}\): the recording begins in the middle\n$/,
  );
  expect(code).toBe(3);
  expect(await run('replay', 'diff', late, late)).toMatchObject({ code: 0 });
  expect(await run('replay', file, '--from', 'noon')).toMatchObject({ code: 2 });
});

it('says its exit codes in its help', async () => {
  expect((await run('replay', '--help')).out).toMatch(
    /Exit code:\n {2}0 {2}the same\n {2}1 .*\n {2}2 .*\n {2}3 .*\n\nExamples/,
  );
});

it('a file of drivers alone fails the check: there is nothing to check in it', async () => {
  const recorded = recordScheduling({ nodes: 1, pods: 1 });
  mkdirSync(join(folder, 'drivers'));
  save('drivers/runtime.troupe', { ...recorded, incarnation: { ...recorded.incarnation, driver: true } });
  const { code, out } = await run('replay', 'check', join(folder, 'drivers'));
  expect(out).toMatch(/runtime\.troupe +it holds only recordings of drivers, which cannot be played\n/);
  expect(code).toBe(3);
});

it.each([
  { actor: 'nobody', config: null, finding: /this build has no actor "nobody"/ },
  {
    actor: 'kubelet',
    config: null,
    finding: /make kubelet\/test from its recorded configuration: it is not an object; /,
  },
  { actor: 'kubelet', config: { node: 'n1', ip: 7 }, finding: /kubelet\/test .*: ip is not a string; / },
  { actor: 'api-server', config: null, finding: /make api-server\/test .*: it is not an object; / },
  { actor: 'api-server', config: { instance: 'm1', limits: { batch: 'x' } }, finding: /limits\.batch is not a number/ },
  { actor: 'node-lifecycle', config: { tickMs: {} }, finding: /tickMs is not a number of 0 or more; / },
])('turns that are said to be of $actor with $config are not played, whoever plays them', async (forged) => {
  const { actor, config, finding } = forged;
  const recorded = recordScheduling({ nodes: 1, pods: 1 });
  const { incarnation } = recorded;
  const self = { ...incarnation.self, actor };
  mkdirSync(join(folder, 'forged'), { recursive: true });
  const path = save('forged/forged.troupe', { ...recorded, incarnation: { ...incarnation, self, config } });
  for (const args of [[path], [path, '-i'], [path, '--turn', '1'], ['minimise', path, '-o', join(folder, 'x')]]) {
    const { code, err } = await run('replay', ...args);
    expect(err).toMatch(finding);
    expect(err).not.toContain('defect');
    expect(code).toBe(3);
  }
  const checked = await run('replay', 'check', join(folder, 'forged'));
  expect(checked.out).toMatch(finding);
  expect(checked.code).toBe(3);
});

it('what cannot be opened, played or compared exits with 3, however it is given', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 1, pods: 1 });
  const other = { ...incarnation, self: { ...incarnation.self, actor: 'dispatcher' } };
  const another = save('another.troupe', { incarnation: other, turns, history });
  mkdirSync(join(folder, 'nothing'));
  for (const args of [
    ['nowhere.troupe'],
    ['diff', file, another],
    ['check', 'nowhere'],
    ['check', join(folder, 'nothing')],
    [file, '--what-if', 'no.yaml'],
    [file, '--key', 'no.key'],
  ]) {
    expect(await run('replay', ...args)).toMatchObject({ code: 3, out: '' });
  }
});

it('of several recordings in a file one turn is that of the last, which is said', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 1, pods: 1 });
  const two = join(folder, 'two.troupe');
  const other = { ...incarnation, self: { ...incarnation.self, instance: 'other' } };
  const recordings = [
    { incarnation, turns },
    { incarnation: other, turns },
  ];
  writeRecordingFile(two, { prefix: 'troupe', recordings, history: history as MemoryHistory });
  const { err, out } = await run('replay', two, '--turn', '1');
  const told = (flags: string): RegExp =>
    new RegExp(
      `^.* has 2 recordings \\(scheduler/test, scheduler/other\\); this is scheduler/other; choose another with ${flags}\n`,
    );
  expect(err).toMatch(told('--actor and --instance'));
  expect(out).toMatch(/^scheduler\/other turn 1/);
  const shown: string[] = [];
  const terminal = { ...silent, out: (text: string) => void shown.push(text) };
  await interactive(two, {}, terminal, { input: Readable.from(''), output: new PassThrough() });
  expect(shown.join('')).toMatch(told('--actor, --instance, --from and --to'));
});

it('compares the code of another built tree, decision by decision, with the scores of both', async () => {
  const tree = join(folder, 'weights');
  for (const part of ['dist', 'ops/bin', 'package.json'])
    cpSync(join(projectRoot, part), join(tree, part), { recursive: true });
  symlinkSync(join(projectRoot, 'node_modules'), join(tree, 'node_modules'));
  expect(await typed('replay', 'diff', file, tree)).toMatchObject({ code: 0 });

  const score = join(tree, 'dist/actors/scheduler/score-least-allocated.js');
  writeFileSync(score, readFileSync(score, 'utf8').replace('weight: 1', 'weight: -1'));
  const { code, out } = await typed('replay', 'diff', tree, file, '--full');
  expect(out).toMatch(
    /^scheduler\/test {2}.*weights \(-\) against this build \(\+\)\n {2}\d+ of 60 placements change, first at turn \d+\n/,
  );
  // Which of the two is today's code only the heading tells.
  expect(out).toMatch(/node-\d +-\d\d\.\d\d -> \d\d\.\d\d +.* -> .* \(-\)\n/);
  expect(out).toMatch(/node-\d +-\d\d\.\d\d -> \d\d\.\d\d +.* -> .* \(\+\)\n/);
  expect(out).not.toMatch(/\b(then|now)\n/);
  expect(code).toBe(1);
});

/** In a process of its own: modules that a test imports are not those of a built tree. */
const typed = (...argv: string[]): Promise<{ code: number; out: string }> =>
  new Promise((resolve) => {
    const env = { ...process.env, TROUPE_HOME: folder };
    const child = execFile(process.execPath, [launcher, ...argv], { env }, (_error, out) =>
      resolve({ code: child.exitCode ?? -1, out }),
    );
  });

it('compares two recordings', async () => {
  const other = save('other.troupe', recordScheduling({ nodes: 3, pods: 60, batch: 2 }));
  expect(await run('replay', 'diff', file, file)).toMatchObject({ code: 0 });
  const { code, out } = await run('replay', 'diff', file, other);
  expect(code).toBe(1);
  expect(out).toMatch(/\d+ of 60 placements change, first at turn \d+\n/);
});

it('tells what would have been decided, had an object been another', async () => {
  const recording = new RecordingWorld(scheduler);
  for (const name of ['node-1', 'node-2', 'node-3'])
    recording.put('nodes', nodeNamed(name, name === 'node-3' ? '50m' : '4'));
  recording.world.start();
  for (let at = 0; at < 6; at++) {
    recording.put('pods', podNamed(`web-${at}`));
    recording.world.settle();
    for (const heard of recording.world.said('bind')) recording.world.answer(heard as Heard, {});
  }
  const small = save('small.troupe', recording.playable());
  const patch = join(folder, 'more-cores.yaml');
  writeFileSync(
    patch,
    'apiVersion: v1\nkind: Node\nmetadata: { name: node-3 }\nstatus: { allocatable: { cpu: "64" } }\n',
  );
  const { code, out } = await run('replay', small, '--what-if', patch);
  expect(code).toBe(0);
  expect(out).toMatch(/^scheduler\/test {2}as it was \(-\) against as it would have been \(\+\)/);
  expect(out).toMatch(/ {2}\d of 6 placements change, first at turn \d\n/);
  expect(out).toMatch(/\+ target\.name: node-3\n/);
  expect(out).toMatch(/node-3 +- -> \d\d\.\d\d .* \(\+\)\n/);

  // Of a file with several actors, those answer that saw the object.
  const { incarnation, turns, history } = recording.playable();
  const blind = { ...incarnation, self: { ...incarnation.self, actor: 'deployment' } };
  const both = join(folder, 'both.troupe');
  const first = turns.slice(0, 1).map((turn) => ({ ...turn, view: {} }));
  writeRecordingFile(both, {
    prefix: 'troupe',
    recordings: [
      { incarnation: blind, turns: first },
      { incarnation, turns },
    ],
    history: history as MemoryHistory,
  });
  const again = await run('replay', both, '--what-if', patch);
  expect(again).toEqual({ code: 0, out, err: '' });
});

it('makes a recording small that still goes differently, and says how to play it', async () => {
  preferTheFuller();
  const small = join(folder, 'small.troupe');
  const { code, out } = await run('replay', 'minimise', file, '-o', small);
  expect(code).toBe(0);
  expect(out).toMatch(
    /^scheduler\/test: \d+ turns reduced to \d, \d+ bytes, in \d+ tries\n\nscheduler\/test acts differently at turn \d,/,
  );
  expect(out).toContain(`play it: troupe replay ${small}`);
  const played = await run('replay', small);
  expect(played.code).toBe(1);
  expect(played.out).toMatch(/\n +node-\d +\d+\.\d\d -> gone +\d+\.\d\d -> gone .* \d+\.\d\d -> gone\n/);
  vi.restoreAllMocks();
  expect(await run('replay', 'minimise', file, '-o', small)).toMatchObject({
    code: 1,
    err: expect.stringMatching(/nothing differs in .*, so there is nothing to make smaller/) as string,
  });
});

it('minimise tells of turns that it could not play, and when those are all that nobody knows', async () => {
  const { incarnation, turns, history } = recordScheduling({ nodes: 4, pods: 8, batch: 2 });
  const { all } = history as MemoryHistory;
  const lost = async (first: number) => {
    const path = join(folder, 'lost.troupe');
    const last = all.at(-1)?.revision ?? 0;
    const kept = all.filter(({ revision }) => revision < first);
    const holed = new MemoryHistory(kept, { holes: [{ first, last }] });
    writeRecordingFile(path, { prefix: 'troupe', recordings: [{ incarnation, turns }], history: holed });
    return run('replay', 'minimise', path, '-o', join(folder, 'never.troupe'));
  };
  expect(await lost((all.at(-1)?.revision ?? 0) - 2)).toMatchObject({
    code: 1,
    err: expect.stringMatching(
      /^scheduler\/test: turns .* not played .*: the history has lost revisions .*\nnothing differs in the \d+ turns of .* that could be played, so/,
    ) as string,
  });
  expect(await lost(1)).toMatchObject({
    code: 3,
    err: expect.stringMatching(/nothing differs in the 0 turns of /) as string,
  });
});

it.each([
  {
    patch: 'apiVersion: v1\nkind: Node\nmetadata: { name: node-9 }\n',
    finding: /Node node-9 is not in the recording; there are: node-0, node-1, node-2, node-3/,
  },
  {
    patch: 'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nspec: { unschedulabel: true }\n',
    finding: /unschedulabel.*did you mean.*unschedulable/,
  },
  { patch: 'apiVersion: v1\nkind: Nood\nmetadata: { name: node-1 }\n', finding: /there is no kind Nood/ },
])('a wish that cannot be: $finding', async ({ patch, finding }) => {
  const path = join(folder, 'wish.yaml');
  writeFileSync(path, patch);
  const { code, err } = await run('replay', file, '--what-if', path);
  expect(err).toMatch(finding);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(code).toBe(3);
});

it.each([
  { args: [], finding: /name what to play: an actor .*, a file .*, or all of this home/ },
  {
    args: ['--check', '--inspect-brk'],
    finding: /--check plays all recordings of this home, .*; leave out --inspect-brk/,
  },
  { args: [''], finding: /name what to play: / },
  { args: ['FILE', '--turn', '1e1'], finding: /--turn is "1e1"; give the number of a turn/ },
  { args: ['FILE', '--turn', '3', '--from', '2'], finding: /--turn shows one turn; leave out --from/ },
  { args: ['FILE', '--about', ''], finding: /--about is empty; give the name of an object/ },
  { args: ['nowhere.troupe'], finding: /open nowhere\.troupe: the file does not exist/ },
  { args: ['FILE', '--turn', '99999'], finding: /there is no turn 99999; the recording has turns 1 to \d+/ },
  { args: ['FILE', '-i', '--turn', '99999'], finding: /there is no turn 99999; the recording has turns 1 to \d+/ },
  { args: ['FILE', '-i', '--turn', 'noon'], finding: /--turn is "noon"; give the number of a turn/ },
  { args: ['nowhere.troupe', '--inspect-brk', '0'], finding: /open nowhere\.troupe: the file does not exist/ },
  {
    args: ['FILE', '--turn', '99999', '--inspect-brk', '0'],
    finding: /there is no turn 99999; the recording has turns 1 to \d+/,
  },
  { args: ['FILE', '--turn', 'noon', '--inspect-brk', '0'], finding: /--turn is "noon"; give the number of a turn/ },
  { args: ['FILE', '--from', 'rev:99999', '--inspect-brk', '0'], finding: /no turn lies between --from and --to/ },
  { args: ['FILE', '--actor', 'kubelet', '--inspect-brk', '0'], finding: /holds no recording of kubelet/ },
  { args: ['FILE', '--from', 'noon'], finding: /"noon" is not a point of a recording/ },
  { args: ['FILE', '--instance', 'm9'], finding: /holds no recording of m9; there are: scheduler\/test/ },
  {
    args: ['scheduler', '--actor', 'kubelet'],
    finding: /"scheduler" and --actor kubelet name different actors; --actor is for files; leave it out/,
  },
  { args: ['FILE', '--actor', 'kubelet'], finding: /holds no recording of kubelet; there are: scheduler\/test/ },
  { args: ['FILE', '--key', '.'], finding: /read the key \.: EISDIR.*; it is cluster\.key in TROUPE_HOME/ },
  {
    args: ['FILE', '--key', 'package.json'],
    finding: /package\.json is not a cluster key \(64 hexadecimal digits\)/,
  },
  { args: ['FILE', '-o', 'xml'], finding: /-o is "xml"; the only other format is json/ },
  {
    args: ['check', 'FILE', '--level', 'state'],
    finding: /argument 'state' is invalid. Allowed choices are strict, shape/,
  },
  { args: ['check', 'FILE', '-o', 'xml'], finding: /-o is "xml"/ },
  {
    args: ['./ops'],
    finding: /open \.\/ops: it is a folder; "troupe replay check \.\/ops" plays the recording files in it/,
  },
  { args: ['FILE', '--key', 'no.key'], finding: /no\.key: the key file does not exist/ },
  { args: ['FILE', '--what-if', 'no.yaml'], finding: /no\.yaml: no such file or folder; give --what-if a manifest/ },
  { args: ['minimise', 'FILE'], finding: /-o is required: troupe replay minimise .* -o small\.troupe/ },
  {
    args: ['minimise', 'FILE', '-o', 'FILE'],
    finding: /-o is the recording itself, which would be overwritten; give another/,
  },
  { args: ['FILE', '--turn', '3', '--to', '5'], finding: /--turn and --to both say where to stop; .*give --to a time/ },
  {
    args: ['minimise', 'FILE', '-o', 'x', '--old', 'nowhere'],
    finding: /nowhere: the folder does not exist; name a built tree/,
  },
  { args: ['check', 'nowhere'], finding: /^troupe replay check: nowhere: the folder does not exist/ },
  { args: ['diff', 'FILE'], finding: /^troupe replay diff: missing required argument 'b'/ },
])('$args: one line with a way out', async ({ args, finding }) => {
  const { code, err } = await run('replay', ...args.map((arg) => (arg === 'FILE' ? file : arg)));
  expect(err).toMatch(finding);
  expect(err.trim().split('\n')).toHaveLength(1);
  expect(code).toBeGreaterThan(0);
});

it('says that a port is taken, and plays nothing past a debugger that cannot be attached', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  const { code, err } = await run('replay', file, '--turn', '3', '--inspect-brk', String(port));
  taken.close();
  expect(err).toMatch(
    new RegExp(`^troupe replay: --inspect-brk: port ${port} is in use, .*; give another: --inspect-brk \\d+\n$`),
  );
  expect(code).toBe(2);
});
