#!/usr/bin/env node
// What `.ci/run` does; see there. Uses a TROUPE_HOME of its own, so that nothing of the machine's cluster is used or changed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { countsIn, ROOT, report, run, steps, vitest } from './check.js';

const BENCH = join(ROOT, 'dist', 'ops', 'bench', 'main.js');
const READY = 'Next, in another terminal';
const START_WITHIN_MS = 15 * 60_000;
const DOCKERD_ENDS_WITHIN_MS = 30_000;
const OLDEST_NODE = '20.0.0';
const NEXT_NODE = '24';
const RUNNING_WITHIN_MS = 60_000;

const home = mkdtempSync(join(tmpdir(), 'troupe-ci-'));
const env = { ...process.env, CI: 'true', TROUPE_HOME: join(home, 'troupe') };

const troupe = (...args) => run('npx', ['--no-install', 'troupe', ...args], { env });

/** A process group of its own, so that one signal reaches npm and what it runs. */
function startGroup() {
  const child = spawn('npm', ['start'], { cwd: ROOT, env, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  const waiting = new Set();
  const take = (data) => {
    output += data;
    for (const look of waiting) look();
  };
  child.stdout.on('data', take);
  child.stderr.on('data', take);
  const ended = new Promise((resolve) => child.once('close', (code) => resolve(code ?? 1)));
  return {
    ended,
    output: () => output,
    /** @returns whether the text was printed before the process ended and before the deadline */
    printed: (text, withinMs) =>
      new Promise((resolve) => {
        const settle = (came) => {
          waiting.delete(look);
          clearTimeout(timer);
          resolve(came);
        };
        const look = () => output.includes(text) && settle(true);
        const timer = setTimeout(() => settle(false), withinMs);
        waiting.add(look);
        void ended.then(() => settle(output.includes(text)));
        look();
      }),
    /** Stops waiting for processes that keep the output open. */
    close: () => {
      child.stdout.destroy();
      child.stderr.destroy();
    },
    signal: (name) => {
      try {
        process.kill(-child.pid, name);
      } catch (error) {
        if (error.code !== 'ESRCH') throw error;
      }
    },
  };
}

/** `npm start` as a user sees it: the cluster starts, another terminal shows its pods, Ctrl-C stops it. */
async function smoke() {
  const start = startGroup();
  const failures = [];
  try {
    if (!(await start.printed(READY, START_WITHIN_MS))) failures.push(`npm start never printed "${READY}"`);
    else {
      const pods = await troupe('get', 'pods', '-A');
      if (pods.code !== 0 || !/hello-\S+\s+1\/1\s+Running/.test(pods.output))
        failures.push(`npx troupe get pods: ${pods.output}`);
    }
    start.signal('SIGINT');
    const killer = setTimeout(() => {
      failures.push('npm start did not end within a minute of Ctrl-C');
      start.signal('SIGKILL');
      start.close();
    }, 60_000);
    await start.ended;
    clearTimeout(killer);
  } finally {
    start.signal('SIGKILL');
    const down = await troupe('down', '--pods');
    if (down.code !== 0) failures.push(`npx troupe down --pods: ${down.output}`);
  }
  const output = failures.length === 0 ? start.output() : `${start.output()}\n${failures.join('\n')}\n`;
  return { code: failures.length === 0 ? 0 : 1, output };
}

/** `npm test`, its output passed on as it comes; the counts are from vitest's report. */
async function npmTest() {
  const file = join(home, 'report.json');
  const args = ['test', '--', '--reporter=default', '--reporter=json', `--outputFile.json=${file}`];
  const result = await run('npm', args, { env, onLine: (text) => process.stdout.write(text) });
  return { ...result, output: '', ...countsIn(file) };
}

/** Each case of the bench once, in a size that only shows whether it works; it prints which cases are left out here. */
async function benchTiny() {
  const result = await run('node', [BENCH, '--tiny'], { env, onLine: (text) => process.stdout.write(text) });
  return { ...result, output: '' };
}

/** Installs another Node from its npm package, outside the project. @param use called with its path, and an environment with it on PATH */
async function onNode(version, use) {
  const arch = { x64: 'x64', arm64: 'arm64' }[process.arch];
  if (process.platform !== 'linux' || arch === undefined)
    return { code: 1, output: `no Node ${version} for ${process.platform}-${process.arch}` };
  const folder = mkdtempSync(join(tmpdir(), 'troupe-node-'));
  try {
    const name = `node-linux-${arch}`;
    const options = ['--prefix', folder, '--no-save', '--no-audit', '--no-fund'];
    const install = await run('npm', ['install', ...options, `${name}@${version}`]);
    if (install.code !== 0) return install;
    const program = join(folder, 'node_modules', name, 'bin', 'node');
    return await use(program, { ...env, PATH: `${join(program, '..')}:${process.env.PATH ?? ''}` });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The built program on the oldest supported Node: start a cluster, apply and delete a manifest, stop, replay the recordings. */
async function oldestNode(program, onIt) {
  const launcher = join(ROOT, 'ops', 'bin', 'troupe.js');
  const hello = join(ROOT, 'ops', 'examples', 'hello.yaml');
  const log = [];
  const runTroupe = async (...args) => {
    const { code, output } = await run(program, [launcher, ...args], { env: onIt });
    log.push(`$ troupe ${args.join(' ')}\n${output}`);
    return { code, output };
  };
  const isRunning = async () => /1\/1\s+Running/.test((await runTroupe('get', 'pods')).output);
  try {
    let code = (await runTroupe('up', '--detach')).code;
    if (code === 0) ({ code } = await runTroupe('apply', '-f', hello));
    for (const deadline = Date.now() + RUNNING_WITHIN_MS; code === 0 && !(await isRunning()); await pause(500))
      if (Date.now() > deadline) code = 1;
    for (const args of [
      ['delete', '-f', hello],
      ['replay', '--check'],
      ['down', '--pods'],
      ['replay', '--check'],
    ])
      if (code === 0) ({ code } = await runTroupe(...args));
    return { code, output: log.join('') };
  } finally {
    await runTroupe('down', '--pods');
  }
}

/** Does the process with this number and this start time run? A zombie does not. */
function runs({ pid, started }) {
  const file = `/proc/${pid}/stat`;
  const stat = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] !== 'Z' && fields[19] === started;
}

/** Ends the dockerd that set-up started for this run, identified by pid and start time; any other one keeps running. */
async function endOwnDockerd() {
  const file = join(env.TROUPE_HOME, 'run', 'dockerd.pid');
  if (!existsSync(file)) return;
  const dockerd = JSON.parse(readFileSync(file, 'utf8'));
  if (!runs(dockerd)) return;
  process.kill(dockerd.pid, 'SIGTERM');
  for (const deadline = Date.now() + DOCKERD_ENDS_WITHIN_MS; runs(dockerd) && Date.now() < deadline; ) await pause(100);
}

let [passed, failed] = [0, 0];
try {
  const plan = [
    ['npm start (smoke)', smoke],
    ['npm test', npmTest],
    ...['format', 'lint', 'typecheck', 'build', 'imports', 'unused'].map((name) => [name, steps[name]]),
    ['every bench case, tiny', benchTiny],
    [`troupe on Node ${OLDEST_NODE}`, () => onNode(OLDEST_NODE, oldestNode)],
    [`tests on Node ${NEXT_NODE}`, () => onNode(NEXT_NODE, vitest)],
  ];
  for (const [name, step] of plan) {
    console.log(`---- ${name}`);
    const counts = await report(name, step);
    passed += counts.passed;
    failed += counts.failed;
  }
} finally {
  await endOwnDockerd().catch((error) => console.error(error.message));
  rmSync(home, { recursive: true, force: true });
}
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1); // even if a step left something open
