#!/usr/bin/env node
// The entry point of `npm start` and `npm test`: installs dependencies and builds a fresh clone. Plain JavaScript with
// nothing but Node's own modules, because nothing is installed yet.
//   start    installs, builds, sets the machine up, and runs a cluster with a sample
//   prepare  installs, builds, and sets the machine up for the tests
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const OLDEST_NODE = [20, 0];
/** The oldest Node on which vitest's bundler runs. */
const OLDEST_FOR_TESTS = [20, 19];
const ROOMS = ['contracts', 'actors', 'runtime-adapters', 'ops'];
const STAMP = join(ROOT, 'dist', '.built');

const changedAt = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

function fail(message) {
  console.error(`troupe: ${message}`);
  process.exit(1);
}

function checkNode(oldest, what) {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > oldest[0] || (major === oldest[0] && minor >= oldest[1])) return;
  fail(`Node ${process.versions.node} is too old for ${what}; install Node ${oldest.join('.')} or newer`);
}

/** Runs a step that may take a minute: prints a line before it, and all of its output only when it fails. */
function step(what, command, args) {
  const began = Date.now();
  console.log(`${what} ...`);
  const { status, stdout, stderr, error } = spawnSync(command, args, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 28,
  });
  if (status === 0) return console.log(`${what}: done in ${((Date.now() - began) / 1000).toFixed(1)} s`);
  console.error(`${stdout ?? ''}${stderr ?? ''}${error === undefined ? '' : `${error.message}\n`}`);
  fail(`${what} failed (${[command, ...args].join(' ')}); see the lines above`);
}

/** Package -> entry of a lock file; the one in node_modules omits packages that this platform does not need. */
function versionsIn(lockFile) {
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  return new Map(Object.entries(packages).filter(([path]) => path !== ''));
}

function isInstalled() {
  const [wanted, have] = [join(ROOT, 'package-lock.json'), join(ROOT, 'node_modules', '.package-lock.json')];
  if (!existsSync(have)) return false;
  if (changedAt(have) >= changedAt(wanted)) return true;
  const installed = versionsIn(have); // a checkout may have touched the lock file without changing it
  return [...versionsIn(wanted)].every(([path, { version, optional }]) =>
    installed.has(path) ? installed.get(path).version === version : optional === true,
  );
}

/** The newest modification time of the files that the build reads. */
function newestSource(folder) {
  let newest = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) newest = Math.max(newest, newestSource(path));
    else if (/\.ts$|^tsconfig.*\.json$/.test(entry.name) && !entry.name.endsWith('.test.ts')) {
      newest = Math.max(newest, changedAt(path));
    }
  }
  return newest;
}

function isBuilt() {
  const stamp = changedAt(STAMP);
  const others = ['tsconfig.base.json', 'package-lock.json'].map((name) => changedAt(join(ROOT, name)));
  return stamp > 0 && Math.max(...others, ...ROOMS.map((room) => newestSource(join(ROOT, room)))) <= stamp;
}

function build() {
  const began = new Date();
  step('building', process.execPath, [join('node_modules', 'typescript', 'bin', 'tsc'), '-b', 'ops']);
  mkdirSync(join(ROOT, 'dist'), { recursive: true });
  writeFileSync(STAMP, '');
  utimesSync(STAMP, began, began); // files that changed during the build are built again
}

const act = process.argv[2];
checkNode(OLDEST_NODE, 'Troupe');
if (act === 'prepare') checkNode(OLDEST_FOR_TESTS, 'the tests');
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
// The compiler and the tests are needed with NODE_ENV=production too.
if (!isInstalled()) step('installing dependencies', npm, ['ci', '--include=dev', '--no-audit', '--no-fund']);
if (!isBuilt()) build();

const load = (module) => import(new URL(`../../dist/ops/${module}`, import.meta.url).href);
if (act === 'prepare') {
  const { prepare } = await load('setup/prepare.js');
  process.exitCode = await prepare();
} else if (act === 'start') {
  const { start } = await load('boot/first-run/start.js');
  process.exitCode = await start();
} else fail(`unknown argument "${act ?? ''}"; run \`npm start\` or \`npm test\``);
