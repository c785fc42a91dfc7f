import { cpus } from 'node:os';
import { mkdirSync } from 'node:fs';
import { findNatsServer } from '../boot/find-nats-server.ts';
import { CASES } from './cases.ts';
import { loadNow, printReport } from './report.ts';
import { stopStages } from './stage.ts';

/* `npm run bench [-- case...] [--profile <folder>]`: measures, and prints a table a case. */

function usage(finding: string): never {
  console.error(`bench: ${finding}; cases:`);
  for (const { name, about } of CASES) console.error(`  ${name.padEnd(10)} ${about}`);
  process.exit(2);
}

const args = process.argv.slice(2);
const at = args.indexOf('--profile');
const profile = at < 0 ? undefined : (args.splice(at, 2)[1] ?? usage('--profile wants a folder'));
const wrong = args.find((name) => !CASES.some((one) => one.name === name));
if (wrong !== undefined) usage(`there is no case "${wrong}"`);
if (profile !== undefined) mkdirSync(profile, { recursive: true });

for (const name of ['SIGINT', 'SIGTERM'] as const) {
  process.once(name, () => void stopStages().finally(() => process.exit(130)));
}

const cores = cpus();
console.log(
  `${cores.length} cores (${cores[0]?.model ?? 'unknown'}), Node ${process.versions.node}, nats-server ${findNatsServer().version}`,
);
for (const { name, run } of CASES) {
  if (args.length > 0 && !args.includes(name)) continue;
  const before = loadNow();
  const report = await run({ profile });
  console.log(
    printReport({ ...report, notes: [...(report.notes ?? []), `load average ${before} before, ${loadNow()} after`] }),
  );
}
process.exit(0);
