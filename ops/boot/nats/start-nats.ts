import { StatusError } from '../../../contracts/errors/status.ts';
import { type Cluster, readCluster, writeCluster } from '../home/cluster.ts';
import type { HomePaths } from '../home/home.ts';
import { natsMemoryEnv } from '../roles/memory-settings.ts';
import { type ChildProcesses, childLog } from '../supervision/child-processes.ts';
import { type Supervised, type SuperviseEvents, supervise } from '../supervision/supervise.ts';
import { choosePort, READY_WITHIN_MS, waitForNats } from './nats-process.ts';
import { serverName } from './nats-users.ts';
import { describeNatsStartup, streamsBeingRead } from './plan-nats-startup.ts';

const DEFAULT_PORT = 4222;
const TRIES = 3;
export const NATS = 'nats-server';
export interface NatsToStart {
  /** The program. */
  readonly program: string;
  /** Preferred port; default: the port of the last start. */
  readonly port?: number | undefined;
  readonly settings: Omit<Parameters<typeof writeCluster>[1], 'port'>;
  /** Writes the configuration that the server reads. */
  readonly prepare: (cluster: Cluster) => void | Promise<void>;
  readonly tracked: ChildProcesses;
  readonly say: (text: string) => void;
  /** How often a waiting start reports, in milliseconds; default 10 s. */
  readonly reportEveryMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Starts this home's nats-server under supervision. When another program has or takes the preferred port, it uses a free one.
 * @param started called with the supervised server at once, before it answers
 * @returns once the server accepts clients
 */
export async function startNats(
  paths: HomePaths,
  wanted: NatsToStart,
  started: (server: Supervised) => void,
): Promise<Cluster> {
  const { tracked, say, signal } = wanted;
  const logFile = childLog(paths, NATS);
  const lastLine = (): string => `${tracked.lastLine(NATS)}; its log is ${logFile}`;
  const wished = wanted.port ?? readCluster(paths)?.port ?? DEFAULT_PORT;
  for (let attempt = 1; ; attempt++) {
    const port = await choosePort(attempt === 1 ? wished : 0);
    if (wished !== 0 && port !== wished) say(`port ${wished} is not free; nats-server listens on ${port}`);
    const cluster = writeCluster(paths, { ...wanted.settings, port });
    await wanted.prepare(cluster);
    let failures = 0; // of this attempt
    let written: string[] | undefined = []; // by the server that runs now, until it answers
    const line: SuperviseEvents['line'] = (name, text) => {
      written?.push(text);
      tracked.events.line?.(name, text);
    };
    const ended: SuperviseEvents['ended'] = (name, why, times, delayMs) => {
      failures = times;
      written &&= [];
      tracked.events.ended?.(name, why, times, delayMs);
    };
    const server = supervise(
      {
        name: NATS,
        command: wanted.program,
        args: ['-c', paths.natsConfig],
        env: natsMemoryEnv(process.env),
        logFile,
        graceMs: 15_000,
      },
      { ...tracked.events, line, ended },
    );
    started(server);
    try {
      const name = serverName(cluster);
      await waitForNats(port, READY_WITHIN_MS, lastLine, {
        name,
        failures: () => failures,
        onWait: (ms) => say(describeNatsStartup(ms, streamsBeingRead(written?.join('\n') ?? ''), lastLine())),
        reportEveryMs: wanted.reportEveryMs,
        signal,
      });
      written = undefined;
      return cluster;
    } catch (error) {
      if (attempt === TRIES || !(error instanceof StatusError && error.reason === 'Conflict')) throw error;
      await server.stop();
    }
  }
}
