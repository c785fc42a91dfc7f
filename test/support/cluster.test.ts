import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { homePaths } from '../../ops/boot/home/home.ts';
import { runningUp } from '../../ops/boot/home/home-lock.ts';
import { isAlive } from '../../ops/boot/supervision/processes.ts';
import { CLUSTER_MS } from './cluster.ts';
import { waitUntil } from './wait-until.ts';

it(
  'dies with its process, however that ends, and its home goes too',
  async () => {
    const script = `
      const { runnerImport } = await import('vite');
      const { module } = await runnerImport(${JSON.stringify(fileURLToPath(new URL('cluster.ts', import.meta.url)))}, { configFile: false });
      const { paths } = await module.startProcessCluster('mortal');
      process.stdout.write(paths.home + '\\n');
      setInterval(() => {}, 1_000);`;
    const parent = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
      env: { ...process.env, TROUPE_RUNTIME: 'simulated' },
    });
    try {
      const [line] = (await once(parent.stdout, 'data')) as [Buffer];
      const paths = homePaths(String(line).trim());
      const record = runningUp(paths);
      const processes = record === undefined ? [] : [record.up, ...Object.values(record.children)];
      expect(processes.filter(isAlive)).toHaveLength(4); // up, nats-server, master, worker
      parent.kill('SIGKILL');
      await waitUntil('all of it is gone', 30_000, () => !processes.some(isAlive) && !existsSync(paths.home));
    } finally {
      parent.kill('SIGKILL');
    }
  },
  CLUSTER_MS,
);
