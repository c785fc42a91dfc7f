import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { projectRoot } from '../boot/home/project-root.ts';

/**
 * Goal: whatever a behaviour must not touch is named by lint, wherever behaviours live, and nowhere else.
 * Method: a tree of folders of the same names with one breach a file, given to oxlint with the project's own settings.
 */
const BREACHES: readonly (readonly [line: string, found: RegExp])[] = [
  ['export const at = Date.now();', /Date/],
  ['export const at = new Date();', /Date/],
  ['export const at = performance.now();', /performance/],
  ['export const at = process.hrtime();', /process/],
  ['export const at = globalThis.Date;', /globalThis/],
  ['export const text = new Intl.NumberFormat();', /Intl/],
  ['export const order = "a".localeCompare("b");', /localeCompare/],
  ['export const dice = Math.random();', /Math\.random/],
  ['export const { random } = Math;', /Math\.random/],
  ['export const id = crypto.randomUUID();', /crypto/],
  ['export { randomUUID } from "node:crypto";', /node:crypto/],
  ['import { readFileSync } from "fs"; export { readFileSync };', /module `fs`/],
  ['export async function act() {}', /async/],
  ['export const act = async () => 1;', /async/],
  ['export class Actor { async act() {} }', /async/],
  ['export async function* act() {}', /async/],
  ['export const later = Promise.resolve();', /Promise/],
  ['export const later = (one: { then: (f: () => void) => void }) => one.then(() => undefined);', /'then'/],
  ['export const later = import("./other.ts");', /import\(\)/],
  ['setTimeout(() => undefined, 1);', /setTimeout/],
  ['setInterval(() => undefined, 1);', /setInterval/],
  ['setImmediate(() => undefined);', /setImmediate/],
  ['queueMicrotask(() => undefined);', /queueMicrotask/],
  ['export const page = fetch("http://localhost");', /fetch/],
  ['import { timer } from "rxjs"; export const ticks = timer(0, 1_000);', /timer has no scheduler/],
  ['import { interval as every } from "rxjs"; export const ticks = every(1_000);', /interval has no scheduler/],
  ['import { delay } from "rxjs/operators"; export const late = delay(5);', /delay has no scheduler/],
  ['import { debounceTime } from "rxjs"; export const late = debounceTime(5);', /debounceTime has no scheduler/],
  ['import { timeout } from "rxjs"; export const late = timeout({ first: 5 });', /timeout has no scheduler/],
  ['import { retry } from "rxjs"; export const again = retry({ delay: 5 });', /retry waits by itself/],
  ['import { shareReplay } from "rxjs"; export const kept = shareReplay(1, 500);', /shareReplay has an age/],
  ['import { asapScheduler } from "rxjs"; export { asapScheduler };', /asapScheduler/],
  ['import { firstValueFrom } from "rxjs"; export { firstValueFrom };', /firstValueFrom/],
  ['import * as rx from "rxjs"; export { rx };', /\* import/],
  ['import { ajax } from "rxjs/ajax"; export { ajax };', /rxjs\/ajax/],
];
const ALLOWED = `
  import { interval, ReplaySubject, timer } from 'rxjs';
  import { catchError, retry, shareReplay, timeout } from 'rxjs/operators';
  import type { World } from './world.ts';
  export type Later = Promise<Date>;
  export const ticks = (world: World) => [
    timer(0, 5, world.scheduler),
    interval(5, world.scheduler),
    timeout({ first: 5, scheduler: world.scheduler }),
    retry({ count: 3, delay: () => timer(5, world.scheduler) }),
    shareReplay(1),
    new ReplaySubject(1),
    catchError,
  ];
`;
/** Where behaviours live, and what they are made of. */
const HELD: readonly string[] = [
  'actors/scheduler',
  'actors/kernel/reconcile',
  'actors/kernel/turns',
  'contracts/kinds',
];
const PLANS = ['actors/store/plan-', 'actors/runtime/plan-', 'actors/sessions/plan-', 'ops/boot/plan-'];
const FREE = [
  'actors/store/',
  'actors/runtime/',
  'actors/sessions/',
  'actors/kernel/nats/',
  'actors/kernel/live/',
  'ops/boot/',
];

const folder = mkdtempSync(join(tmpdir(), 'troupe-lint-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const findings = new Map<string, string[]>();

function write(file: string, text: string): void {
  mkdirSync(dirname(join(folder, file)), { recursive: true });
  writeFileSync(join(folder, file), text);
}

beforeAll(() => {
  const places = [...HELD.map((place) => `${place}/`), ...PLANS, ...FREE];
  for (const place of places)
    for (const [at, [line]] of BREACHES.entries()) write(`${place}breach-${at}.ts`, `${line}\n`);
  for (const place of HELD) write(`${place}/allowed.ts`, ALLOWED);
  write('contracts/time/now.ts', 'export const now = () => [new Date(5), new Date()];\n');
  const oxlint = join(projectRoot, 'node_modules/oxlint/bin/oxlint');
  const settings = join(projectRoot, 'ops/config/oxlint.json');
  const { stdout } = spawnSync(process.execPath, [oxlint, '-c', settings, '--format', 'json', '.'], {
    cwd: folder,
    encoding: 'utf8',
    maxBuffer: 64 * 2 ** 20,
  });
  const { diagnostics } = JSON.parse(stdout) as {
    readonly diagnostics: readonly { filename: string; message: string; code: string }[];
  };
  for (const { filename, message, code } of diagnostics) {
    const said = `${message} ${code}`;
    findings.set(filename, [...(findings.get(filename) ?? []), said]);
  }
});
const said = (file: string): string => (findings.get(file) ?? []).join('\n');
/** Of the rules that are there for behaviours. */
const BANS = /no-restricted|no-async-await|no-nodejs-modules|behaviours/;

it.each([...BREACHES.entries()].map(([at, [line, found]]) => ({ at, line, found })))(
  'behaviours and plans may not: $line',
  ({ at, found }) => {
    for (const place of [...HELD.map((one) => `${one}/`), ...PLANS])
      expect(said(`${place}breach-${at}.ts`), place).toMatch(found);
  },
);

it.each(HELD)('in %s what is told the world goes through', (place) => {
  expect(said(`${place}/allowed.ts`)).not.toMatch(BANS);
});

it.each(FREE)('drivers and programs (%s) may', (place) => {
  for (const at of BREACHES.keys()) expect(said(`${place}breach-${at}.ts`)).not.toMatch(BANS);
});

it('where times are read and written, none is of now', () => {
  expect(findings.get('contracts/time/now.ts')).toEqual([expect.stringContaining('a Date of now')]);
});
