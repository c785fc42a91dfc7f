#!/usr/bin/env node
// `npm run check`: every check that a change must pass, one line each with its time. The output of a step is shown only
// when it fails. `check.js lint imports` runs these steps alone; CI uses `steps`.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const ROOMS = ['contracts', 'actors', 'runtime-adapters', 'ops', 'test'];
const tool = (...path) => join(ROOT, 'node_modules', ...path);

/**
 * Runs a command. Resolves with its whole output and exit code; never rejects. A command that takes too long is killed, and child
 * processes that keep its output open are not waited for.
 */
export function run(command, args, { env = process.env, onLine, withinMs = 30 * 60_000 } = {}) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let output = '';
    const take = (data) => {
      output += data;
      onLine?.(String(data));
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    const timers = [];
    const settle = (code, note = '') => {
      for (const timer of timers) clearTimeout(timer);
      resolve({ code, output: `${output}${note}` });
    };
    child.once('error', (error) => settle(127, `${error.message}\n`));
    child.once('close', (code) => settle(code ?? 1));
    const giveUp = () => {
      child.kill('SIGKILL');
      child.stdout.destroy();
      child.stderr.destroy();
      settle(124, `${command} did not end within ${withinMs / 60_000} minutes\n`);
    };
    timers.push(
      setTimeout(() => child.kill('SIGTERM'), withinMs),
      setTimeout(giveUp, withinMs + 20_000),
    );
  });
}

const node = (...args) => run(process.execPath, args);

/** dependency-cruiser succeeds even when it has read no module: that is a failure here. */
async function imports() {
  const found = await node(
    tool('dependency-cruiser', 'bin', 'dependency-cruise.mjs'),
    '--config',
    'ops/config/depcruise.cjs',
    ...ROOMS,
  );
  const cruised = Number(/\((\d+) modules/.exec(found.output)?.[1] ?? 0);
  if (found.code === 0 && cruised === 0)
    return { code: 1, output: `${found.output}it read no module: its settings do not fit the compiler\n` };
  return found;
}

/** Unused code, then code that only tests use. */
async function unused() {
  const knip = (...mode) =>
    node(tool('knip', 'bin', 'knip.js'), '--config', 'ops/config/knip.json', '--no-progress', ...mode);
  const found = await knip();
  return found.code === 0 ? knip('--production') : found;
}

/**
 * Runs vitest and counts.
 * @param program the Node to run it with
 */
export async function vitest(program = process.execPath, env = process.env) {
  const folder = mkdtempSync(join(tmpdir(), 'troupe-check-'));
  const report = join(folder, 'report.json');
  try {
    const args = [
      tool('vitest', 'vitest.mjs'),
      'run',
      '--reporter=default',
      '--reporter=json',
      `--outputFile.json=${report}`,
    ];
    const result = await run(program, args, { env });
    return { ...result, ...countsIn(report) };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A file that could not be loaded counts as one failure; a skipped test is one too: nothing is skipped silently. */
export function countsIn(report) {
  if (!existsSync(report)) return { passed: 0, failed: 1 };
  const { numPassedTests, numFailedTests, numPendingTests, numTodoTests, testResults } = JSON.parse(
    readFileSync(report, 'utf8'),
  );
  const unloaded = testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && assertionResults.length === 0,
  );
  return { passed: numPassedTests, failed: numFailedTests + numPendingTests + numTodoTests + unloaded.length };
}

export const steps = {
  format: () =>
    node(
      tool('@biomejs', 'biome', 'bin', 'biome'),
      'format',
      '--error-on-warnings',
      ...ROOMS,
      'biome.json',
      'package.json',
      'vitest.config.ts',
    ),
  lint: () =>
    node(tool('oxlint', 'bin', 'oxlint'), '-c', 'ops/config/oxlint.json', '--type-aware', '--deny-warnings', ...ROOMS),
  typecheck: () => node(tool('typescript-7', 'bin', 'tsc'), '-p', 'tsconfig.check.json'),
  build: () => node(tool('typescript', 'bin', 'tsc'), '-b'),
  imports,
  unused,
  tests: () => vitest(),
};

/**
 * Runs a step and prints a line with its result.
 * @returns how many checks passed and failed: a step counts as one, each test as one
 */
export async function report(name, step) {
  const began = Date.now();
  const thrown = (error) => ({ code: 1, output: `${error.stack}\n` });
  const { code, output, passed = code === 0 ? 1 : 0, failed = code === 0 ? 0 : 1 } = await step().catch(thrown);
  const well = code === 0 && failed === 0;
  if (!well) console.log(output.trimEnd());
  const counted = passed + failed > 1 ? ` (${passed} passed, ${failed} failed)` : '';
  console.log(
    `${well ? 'ok  ' : 'FAIL'}  ${name.padEnd(22)} ${((Date.now() - began) / 1000).toFixed(1).padStart(6)} s${counted}`,
  );
  return { passed, failed: well ? 0 : Math.max(1, failed) };
}

async function main(wanted) {
  const names = wanted.length === 0 ? Object.keys(steps) : wanted;
  const unknown = names.filter((name) => !(name in steps));
  if (unknown.length > 0) {
    console.error(`check: there is no step ${unknown.join(', ')}; there are ${Object.keys(steps).join(', ')}`);
    return 2;
  }
  let [passed, failed] = [0, 0];
  for (const name of names) {
    const counts = await report(name, steps[name]);
    passed += counts.passed;
    failed += counts.failed;
  }
  console.log(`${passed} passed, ${failed} failed`);
  return failed === 0 ? 0 : 1;
}

// Node has resolved symbolic links in the first, not in the second.
if (import.meta.filename === realpathSync(process.argv[1] ?? '.')) process.exitCode = await main(process.argv.slice(2));
