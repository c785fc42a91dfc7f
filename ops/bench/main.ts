import { mkdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { findNatsServer } from '../boot/nats/find-nats-server.ts';
import { CASES } from './cases.ts';
import { endAll } from './end-later.ts';
import { machineSpeed } from './machine-speed.ts';
import { loadNow, ms, printReport } from './report.ts';

/* `npm run bench [-- case...] [--profile <folder>] [--pairs <number>]`: measures, and prints a table a case. */

function usage(finding: string): never {
  console.error(`bench: ${finding}; cases:`);
  for (const { name, about } of CASES) console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(2);
}

const args = process.argv.slice(2);
const option = (name: string, wants: string): string | undefined => {
  const at = args.indexOf(name);
  return at < 0 ? undefined : (args.splice(at, 2)[1] ?? usage(`${name} wants ${wants}`));
};
const profile = option('--profile', 'a folder');
const pairsText = option('--pairs', 'a whole number');
const pairs = pairsText === undefined ? undefined : Number(pairsText);
if (pairs !== undefined && !(Number.isInteger(pairs) && pairs >= 1)) usage('--pairs wants a whole number, at least 1');
const wrong = args.find((name) => !CASES.some((one) => one.name === name));
if (wrong !== undefined) usage(`there is no case "${wrong}"`);
if (profile !== undefined) mkdirSync(profile, { recursive: true });

const stopped = new Promise<never>((_resolve, reject) => {
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => reject(new Error(`stopped by ${name}`)));
  // Of what nobody waits for yet, as a create among many; afterwards, of what the case was waiting for.
  process.on('unhandledRejection', reject);
});

const cores = cpus();
console.log(
  `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), Node ${process.versions.node}, nats-server ${findNatsServer().version}`,
);
try {
  for (const { name, run, lacks } of CASES) {
    if (args.length > 0 && !args.includes(name)) continue;
    const lacking = lacks?.();
    if (lacking !== undefined) {
      if (args.length > 0) throw new Error(`${name}: ${lacking}`);
      console.log(`\n${name}: left out: ${lacking}`);
      continue;
    }
    const before = { load: loadNow(), speed: machineSpeed() };
    const report = await Promise.race([run({ profile, pairs }), stopped]);
    const machine = [
      `load average ${before.load} before, ${loadNow()} after`,
      `a fixed piece of work took this machine ${ms(before.speed)} before, ${ms(machineSpeed())} after`,
    ];
    console.log(printReport({ ...report, notes: [...(report.notes ?? []), ...machine] }));
  }
} catch (error) {
  console.error(`bench: ${(error as Error).message}`);
  await endAll();
  process.exit(1);
}
process.exit(0);
