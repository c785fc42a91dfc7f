import { execFile } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { OPERATOR } from '../../ops/boot/home/cluster.ts';
import { type HomePaths, homePaths } from '../../ops/boot/home/home.ts';
import { readUp, runningUp } from '../../ops/boot/home/home-lock.ts';
import { launcher } from '../../ops/boot/home/project-root.ts';
import { findNatsServer } from '../../ops/boot/nats/find-nats-server.ts';
import { choosePort } from '../../ops/boot/nats/nats-process.ts';
import { removePods } from '../../ops/boot/roles/node-containers.ts';
import { isAlive, type ProcessId, signal, waitForEnd } from '../../ops/boot/supervision/processes.ts';
import type { Client } from '../../ops/client/client.ts';
import { connectClient } from '../../ops/client/connect.ts';
import { keepForFailure } from './failed-recordings.ts';
import { guard } from './guard.ts';
import { waitUntil } from './wait-until.ts';

export type ChildName = 'nats-server' | 'master' | 'worker';

/**
 * A cluster of real processes on this machine's engine, run as a person runs it: by the command line, in a home of its own.
 * It does not outlive the process that started it, nor do its containers.
 */
export interface ProcessCluster {
  readonly paths: HomePaths;
  /** Also the value of the label by which its containers are known. */
  readonly node: string;
  /** The operator's; finds the server again after its restart. */
  readonly client: Client;
  /** Runs `troupe <args>` to its end. @returns what it wrote to stdout @throws with all it wrote when it fails */
  troupe(...args: string[]): Promise<string>;
  /** `troupe apply` of a manifest as text. */
  apply(manifest: string): Promise<void>;
  /** The process that a running `troupe up` supervises now. */
  child(name: ChildName): ProcessId;
  /** SIGKILL, and waits until it is gone. @returns resolves once its supervisor has started another */
  kill9(name: ChildName): Promise<ProcessId>;
  /** `troupe up --detach`, on the port of last time. */
  up(): Promise<void>;
  /** `troupe down`; containers stay. */
  down(): Promise<void>;
  /** Ends everything, removes its containers and its home. */
  remove(): Promise<void>;
}

const COMMAND_WITHIN_MS = 120_000;
/** Longest that starting a cluster, or removing one, may take: a command, and what is waited for beside it. */
export const CLUSTER_MS = COMMAND_WITHIN_MS + 60_000;
const AGAIN_WITHIN_MS = 30_000;

/** @param name short and unique among the tests: part of the node's name */
export async function startProcessCluster(name: string): Promise<ProcessCluster> {
  const paths = homePaths(mkdtempSync(join(tmpdir(), `troupe-${name}-`)));
  const node = `e2e-${name}-${process.pid}`;
  const port = await choosePort(0);
  // Set-up may have put the server into the person's home.
  // A full disk of the machine must not evict the pods of tests.
  const limits = {
    TROUPE_EVICTION_HARD: 'memory.available<10Mi,nodefs.available<1Mi',
    TROUPE_IMAGE_GC_HIGH_THRESHOLD: '100',
  };
  const env = { ...process.env, ...limits, TROUPE_HOME: paths.home, TROUPE_NATS_SERVER: findNatsServer().path };

  const troupe = (args: readonly string[], stdin?: string): Promise<string> =>
    new Promise((resolve, reject) => {
      const child = execFile(
        process.execPath,
        [launcher, ...args],
        { env, timeout: COMMAND_WITHIN_MS, maxBuffer: 2 ** 26 },
        (error, stdout, stderr) => {
          if (error === null) resolve(stdout);
          else reject(new Error(`troupe ${args.join(' ')}: ${error.message}\n${stdout}${stderr}${lastWords(paths)}`));
        },
      );
      child.stdin?.end(stdin ?? '');
    });
  const up = async (): Promise<void> => {
    await troupe(['up', '--detach', '--port', String(port), '--node', node]);
  };
  const down = async (): Promise<void> => {
    await troupe(['down']);
  };
  const child = (which: ChildName): ProcessId => {
    const id = runningUp(paths)?.children[which];
    if (id === undefined) throw new Error(`no ${which} runs from ${paths.home}`);
    return id;
  };
  const killAll = (): void => {
    const record = readUp(paths);
    if (record === undefined) return;
    for (const id of [record.up, ...Object.values(record.children)]) signal(id, 'SIGKILL');
  };

  const ended = keepForFailure(async (path) => {
    await troupe(['record', 'export', '-o', path]);
    const keyFile = `${path}.key`;
    copyFileSync(paths.clusterKey, keyFile);
    return { keyFile };
  });
  const callOff = guard(
    '"$1" "$2" down --pods; rm -rf "$TROUPE_HOME"', // that knows which processes are its own by then
    [process.execPath, launcher],
    env,
  );
  await up();
  const client = await connectClient({ home: paths.home, user: OPERATOR });
  return {
    paths,
    node,
    client,
    child,
    up,
    down,
    troupe: (...args) => troupe(args),
    apply: async (manifest) => {
      await troupe(['apply', '-f', '-'], manifest);
    },
    async kill9(which) {
      const killed = child(which);
      signal(killed, 'SIGKILL');
      await waitForEnd(killed, 5_000);
      return waitUntil(`another ${which} runs`, AGAIN_WITHIN_MS, () => {
        const now = runningUp(paths)?.children[which];
        return now !== undefined && now.pid !== killed.pid && isAlive(now) && now;
      });
    },
    remove: () =>
      ended(async () => {
        await client.close();
        if (readUp(paths) !== undefined) await down();
        killAll();
        await removePods(node);
        callOff();
        rmSync(paths.home, { recursive: true, force: true });
      }),
  };
}

/** The end of what its processes wrote, for the error of a command that failed. */
function lastWords(paths: HomePaths): string {
  const words = ['master', 'worker', 'nats-server'].map((name) => {
    try {
      const lines = readFileSync(join(paths.logs, `${name}.log`), 'utf8')
        .trimEnd()
        .split('\n');
      return `--- ${name}\n${lines.slice(-10).join('\n')}\n`;
    } catch {
      return '';
    }
  });
  return `\n${words.join('')}`;
}
