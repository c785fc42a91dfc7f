import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { NO_SOCKETS } from '../../../test/support/no-sockets.ts';
import { saveRecording } from '../../../test/support/save-recording.ts';
import { recordScheduling } from '../../bench/make-recording.ts';
import { launcher, projectRoot } from '../../boot/home/project-root.ts';

/*
 * Goal: whoever breaks determinism is named, by whichever command plays the recording.
 * Method: record the scheduler; then play that with a build whose scheduler commits the breach, offline.
 */

/** Rewrites the built scheduler as it is loaded: `BREACH` wraps its behaviour. */
const BREACHING = `
  import { register } from 'node:module';
  const hooks = \`
    export async function load(url, context, next) {
      const loaded = await next(url, context);
      if (!url.endsWith('/dist/actors/scheduler/scheduler.js')) return loaded;
      const honest = loaded.source.toString().replace('export const scheduler =', 'const honest =');
      return { ...loaded, source: honest + process.env.BREACH };
    }\`;
  register('data:text/javascript,' + encodeURIComponent(hooks));
`;
const breach = (after: string, before = ''): string => `
import * as rx from 'rxjs';
let late = () => undefined;
${before}
export const scheduler = { ...honest, behave: (inputs, world) => honest.behave(inputs, world).pipe(
  ${after}
) };`;
const mutating = `
import * as rx from 'rxjs';
export const scheduler = { ...honest, behave: (inputs, world) => honest.behave({ ...inputs, pods: inputs.pods.pipe(
  rx.tap(([change]) => { change.after.spec.nodeName = 'mine'; }),
) }, world) };`;

let folder: string;
let file: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'troupe-breaches-'));
  const recorded = recordScheduling({ nodes: 3, pods: 6, batch: 2 });
  file = saveRecording(join(folder, 'scheduler.troupe'), recorded);
  writeFileSync(join(folder, 'preload.mjs'), BREACHING);
  writeFileSync(
    join(folder, 'patch.yaml'),
    'apiVersion: v1\nkind: Node\nmetadata: { name: node-1 }\nstatus: { allocatable: { cpu: "64" } }\n',
  );
  writeFileSync(join(folder, 'no-sockets.mjs'), NO_SOCKETS);
});
afterAll(() => rmSync(folder, { recursive: true }));

function troupe(
  args: readonly string[],
  text: string,
  stdin = '',
): Promise<{ code: number; out: string; err: string }> {
  const preloads = ['preload', 'no-sockets'].flatMap((name) => ['--import', join(folder, `${name}.mjs`)]);
  return new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [...preloads, launcher, ...args],
      { cwd: folder, env: { ...process.env, TROUPE_HOME: join(folder, 'home'), BREACH: text } },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, out, err }),
    );
    child.stdin?.end(stdin);
  });
}

const PLACE = String.raw`at \S+/dist/actors/scheduler/scheduler\.js:\d+:\d+`;
const CLOCK = breach('rx.map((said) => ({ ...said, body: { ...said.body, at: Date.now() } }))');
const LATE = breach(
  'rx.tap(() => { late = () => world.random(); })',
  'const poll = () => { late(); setImmediate(poll).unref(); }; poll();',
);

it.each([
  { what: 'the clock', text: CLOCK, finding: String.raw`used Date\.now\(\) in operator map ${PLACE}` },
  {
    what: 'an ambient random',
    text: breach('rx.map((said) => ({ ...said, body: { ...said.body, luck: Math.random() } }))'),
    finding: String.raw`used Math\.random\(\) in operator map ${PLACE}`,
  },
  {
    what: 'a promise inside a pipeline',
    text: breach('rx.mergeMap(async (said) => said)'),
    finding: String.raw`used a promise in operator mergeMap/concatMap ${PLACE}`,
  },
  {
    what: 'an operator on a default scheduler',
    text: breach('rx.delay(1)'),
    finding: String.raw`used setInterval\(\) in operator delay/delayWhen`,
  },
  {
    what: 'a mutated cache object',
    text: mutating,
    finding: String.raw`changed an object of the cache or of a cell, which is frozen here \(Cannot add property nodeName, object is not extensible\) in operator tap ${PLACE}`,
  },
  {
    what: 'a timer that uses the world later',
    text: breach('rx.tap(() => setTimeout(() => world.random()))'),
    finding: String.raw`used setTimeout\(\) in operator tap ${PLACE}`,
  },
  {
    what: 'a promise that uses the world later, and fails',
    text: breach('rx.tap(async () => { await null; world.random(); throw new Error("later"); })'),
    finding: String.raw`used a promise in operator tap ${PLACE}`,
  },
  {
    what: 'a use of the world after the play',
    text: LATE,
    finding: String.raw`used world\.random\(\) outside a turn \(a promise or an ambient timer came in between\) ${PLACE}`,
  },
])('$what is the finding, and nothing is left to fail', async ({ text, finding }) => {
  const { code, out, err } = await troupe(['replay', file], text);
  expect(err).toBe('');
  expect(out).toMatch(new RegExp(`scheduler/test .* differs at turn \\d+\n`));
  expect(out).toMatch(new RegExp(`actor scheduler, turn \\d+: ${finding}`));
  expect(code).toBe(1);
});

it.each([
  { args: ['check'], text: CLOCK, finding: /used Date\.now\(\) in operator map/ },
  { args: ['check'], text: LATE, finding: /used world\.random\(\) outside a turn/ },
  { args: ['diff', projectRoot], text: CLOCK, finding: /used Date\.now\(\) in operator map/ },
  { args: ['diff', projectRoot], text: LATE, finding: /used world\.random\(\) outside a turn/ },
])('replay $args.0 names it too: $finding', async ({ args: [command = '', ...others], text, finding }) => {
  const { code, out, err } = await troupe(['replay', command, file, ...others], text);
  expect(err).toBe('');
  expect(out).toMatch(finding);
  expect(code).toBe(1);
});

it.each(['2', '5'])('who looks at turn %s is told of what comes after it', async (turn) => {
  const { code, out, err } = await troupe(['replay', file, '--turn', turn], LATE);
  expect(err).toBe('');
  if (turn === '2') expect(out).toMatch(/finding {2}the same then and now/);
  else
    expect(out).toMatch(new RegExp(`finding  actor scheduler, turn ${turn}: used world.random\\(\\) outside a turn`));
  expect(code).toBe(turn === '2' ? 0 : 1);
});

/** Turn 4 is the first that leaves something behind. */
it.each([
  { lines: ['step 5'], finding: /\(differs\)\nactor scheduler, turn 5: used world\.random/ },
  { lines: ['goto 3', 'step'], finding: /turn 4 .*\n(?: .*\n)* {2}actor scheduler, turn 4: used world\.random/ },
  { lines: ['goto 6'], finding: /turn 6 .*\n(?: .*\n)* {2}actor scheduler, turn 6: used world\.random/ },
  {
    lines: ['break --turn 5', 'run'],
    finding: /breakpoint 1: .*\nturn 5 .*\n(?: .*\n)* {2}actor scheduler, turn 5: used/,
  },
  {
    lines: ['run'], // what comes after a turn is found at the end, or on a slow machine in between: it lets others in every 50 ms
    finding:
      /(?:the end of the recording; 1 turn differed|today's code acts differently here)\n.*\n(?: .*\n)*? {2}actor scheduler, turn \d+: used/,
  },
  { lines: ['goto 5', 'back 2', 'where'], finding: /differed {3}5\n/ },
])('who steps through it is told of what comes after a turn: $lines', async ({ lines, finding }) => {
  const { code, out, err } = await troupe(['replay', file, '-i'], LATE, lines.map((line) => `${line}\n`).join(''));
  expect(err).toBe('');
  expect(out).toMatch(finding);
  expect(code).toBe(0);
});

it.each([
  { text: CLOCK, finding: /used Date\.now\(\) in operator map/ },
  { text: LATE, finding: /used world\.random\(\) outside a turn/ },
])('what would have been decided cannot be told of who breaks it: $finding', async ({ text, finding }) => {
  for (const how of [[], ['-o', 'json']]) {
    const { code, out, err } = await troupe(['replay', file, '--what-if', 'patch.yaml', ...how], text);
    expect(err).toBe('');
    expect(out).toMatch(finding);
    expect(code).toBe(1);
  }
  expect(await troupe(['replay', file, '--what-if', 'patch.yaml'], breach('rx.tap()'))).toMatchObject({ code: 0 });
});

it('the smallest recording with the breach in it is found, and what changed alongside does not hide it', async () => {
  const { code, out, err } = await troupe(['replay', 'minimise', file, '-o', join(folder, 'small.troupe')], CLOCK);
  expect(err).toBe('');
  expect(out).toMatch(/used Date\.now\(\) in operator map/);
  expect(out).toMatch(/\d+ turns reduced to 4, /);
  expect(code).toBe(0);
});

it('what comes after the turns is told by who would make the recording smaller', async () => {
  const { code, err } = await troupe(['replay', 'minimise', file, '-o', join(folder, 'none.troupe')], LATE);
  expect(err).toMatch(/actor scheduler, turn \d+: used world\.random\(\) outside a turn .*; it happened between turns/);
  expect(code).toBe(1);
});

it('who breaks nothing is the same, with all of this around it', async () => {
  const { code, out, err } = await troupe(['replay', file], breach('rx.tap()'));
  expect(err).toBe('');
  expect(out).toMatch(/ same\n/);
  expect(code).toBe(0);
});
