import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { findNatsServer } from '../boot/nats/find-nats-server.ts';
import type { BenchCase } from './bench-case.ts';
import { CASES } from './cases.ts';
import { endAll } from './end-later.ts';
import { machineSpeed } from './machine-speed.ts';
import { loadNow, markdownTable, ms, printReport, type Report } from './report.ts';
import { isTiny } from './tiny.ts';

/*
 * `npm run bench [-- case...] [--profile <folder>] [--pairs <number>] [--tiny] [--markdown]`: measures, and prints a table for each
 * case; with --markdown one Markdown table of all cases on stdout, and the rest on stderr.
 */

function usage(finding: string): never {
  console.error(`bench: ${finding}; cases:`);
  for (const { name, about } of CASES) console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(2);
}

const args = process.argv.slice(2).filter((arg) => arg !== '--tiny' && arg !== '--markdown');
const isMarkdown = process.argv.includes('--markdown');
const print = isMarkdown ? console.error : console.log;
const option = (name: string, wants: string): string | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : (args.splice(at, 2)[1] ?? usage(`${name} needs ${wants}`));
};
const profile = option('--profile', 'a folder');
const pairsText = option('--pairs', 'a whole number');
const pairs = pairsText === undefined ? undefined : Number(pairsText);
if (pairs !== undefined && !(Number.isInteger(pairs) && pairs >= 1)) usage('--pairs needs a whole number, at least 1');
const wrong = args.find((name) => !CASES.some((one) => one.name === name));
if (wrong !== undefined) usage(wrong.startsWith('-') ? `unknown option "${wrong}"` : `there is no case "${wrong}"`);
if (profile !== undefined) mkdirSync(profile, { recursive: true });

const stopped = new Promise<never>((_resolve, reject) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => reject(new Error(`stopped by ${name}`)));
  // Rejections that no case awaits: of one create among many, or after a case has failed.
  process.on('unhandledRejection', reject);
});

async function measure({ run }: BenchCase): Promise<Report> {
  const before = { load: loadNow(), speed: machineSpeed() };
  const report = await Promise.race([run({ profile, pairs }), stopped]);
  const machine = [
    `load average ${before.load} before, ${loadNow()} after`,
    `a fixed piece of work took this machine ${ms(before.speed)} before, ${ms(machineSpeed())} after`,
  ];
  return { ...report, notes: [...(report.notes ?? []), ...machine] };
}

async function measureAll(): Promise<void> {
  const natsServer = findNatsServer();
  // Cases run in homes of their own, which lack the nats-server that set-up put into the user's home.
  process.env['TROUPE_NATS_SERVER'] = natsServer.path;
  const cores = cpus();
  print(
    `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), Node ${process.versions.node}, nats-server ${natsServer.version}`,
  );
  if (isTiny) print('tiny sizes: these figures say nothing');
  const reports: (readonly [name: string, report: Report])[] = [];
  for (const one of CASES) {
    if (args.length > 0 && !args.includes(one.name)) continue;
    const lacking = one.lacks?.();
    if (lacking !== undefined) {
      if (args.length > 0) throw new Error(`${one.name}: ${lacking}`);
      print(`\n${one.name}: left out: ${lacking}`);
      continue;
    }
    const report = await measure(one);
    reports.push([one.name, report]);
    print(printReport(report));
  }
  if (isMarkdown) console.log(markdownTable(reports));
}

try {
  await measureAll();
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  await endAll();
  process.exit(1);
}
process.exit(0);
