import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { OPERATOR } from '../boot/home/cluster.ts';
import { launcher } from '../boot/home/project-root.ts';
import { choosePort } from '../boot/nats/nats-process.ts';
import type { Client } from '../client/client.ts';
import { connectClient } from '../client/connect.ts';
import { inFlight } from './drive.ts';
import { endLater } from './end-later.ts';
import { configMapOf, namespaceOf } from './objects.ts';
import { ms, type Report } from './report.ts';
import { sized } from './tiny.ts';

const STORED = sized(1_000, 20);
const TIMES = sized(3, 1);
const NAMESPACE = 'bench-boot';

/** Time from `troupe up` on the command line to the first answered get. */
export async function benchBoot(): Promise<Report> {
  const home = mkdtempSync(join(tmpdir(), 'troupe-bench-'));
  const port = await choosePort(0);
  const samples: number[] = [];
  let running: ChildProcess | undefined;
  const over = endLater(async () => {
    if (running !== undefined) await end(running);
    rmSync(home, { recursive: true, force: true });
  });
  try {
    for (let time = 0; time <= TIMES; time++) {
      const began = performance.now();
      running = spawn(process.execPath, [launcher, 'up', '--port', String(port)], {
        env: { ...process.env, TROUPE_HOME: home, TROUPE_RUNTIME: 'simulated' },
        stdio: 'ignore',
      });
      const client = await firstAnswer(home, port, time > 0);
      samples.push(performance.now() - began);
      if (time === 0) await fill(client);
      await client.close();
      await end(running);
    }
  } finally {
    await over();
  }
  const [first = 0, ...later] = samples;
  return {
    title: `boot: exec of \`troupe up\` to the first answered get, ${STORED} objects stored, warm disk`,
    rows: [
      { what: `best of ${TIMES}`, figure: ms(Math.min(...later)), aim: '< 2 s' },
      { what: 'worst', figure: ms(Math.max(...later)) },
      { what: 'the very first, on an empty home', figure: ms(first) },
    ],
    notes: ['nats-server, master and worker (with a simulated runtime) start; the get asks for an object of the store'],
  };
}

const end = async (child: ChildProcess): Promise<void> => {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
};

async function fill(client: Client): Promise<void> {
  await client.create('namespaces', undefined, namespaceOf(NAMESPACE));
  await inFlight(16, STORED, (n) => client.create('configmaps', NAMESPACE, configMapOf(`stored-${n}`)));
}

/** Retries until an api-server answers. */
async function firstAnswer(home: string, port: number, filled: boolean): Promise<Client> {
  const deadline = performance.now() + 60_000;
  let client: Client | undefined;
  for (;;) {
    try {
      client ??= await connectClient({ home, url: `nats://127.0.0.1:${port}`, user: OPERATOR, timeoutMs: 1_000 });
      const [resource, target] = filled
        ? (['configmaps', { namespace: NAMESPACE, name: 'stored-1' }] as const)
        : (['namespaces', { name: 'default' }] as const);
      await client.request('get', resource, target, {}, { timeoutMs: 500 });
      return client;
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await pause(5);
    }
  }
}
