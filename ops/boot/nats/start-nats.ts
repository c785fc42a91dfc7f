import { StatusError } from '../../../contracts/errors/status.ts';
import { type Cluster, readCluster, writeCluster } from '../home/cluster.ts';
import type { HomePaths } from '../home/home.ts';
import { leanNats } from '../roles/lean-heap.ts';
import { type ChildBook, childLog } from '../watch/child-book.ts';
import { streamsBeingRead, tellReading } from '../watch/plan-patience.ts';
import { type Supervised, type SuperviseEvents, supervise } from '../watch/supervise.ts';
import { choosePort, READY_WITHIN_MS, waitForNats } from './nats-process.ts';
import { serverName } from './nats-users.ts';

const DEFAULT_PORT = 4222;
const TRIES = 3;
export const NATS = 'nats-server';
export interface NatsToStart {
  /** The program. */
  readonly program: string;
  /** Wished port; default that of last time. */
  readonly port?: number | undefined;
  readonly settings: Omit<Parameters<typeof writeCluster>[1], 'port'>;
  /** Writes who may connect; what the server reads. */
  readonly prepare: (cluster: Cluster) => void | Promise<void>;
  readonly book: ChildBook;
  readonly say: (text: string) => void;
  /** How often to say that it goes on; 10 s by default. */
  readonly tellEveryMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Runs this home's nats-server, on another port where the wished one is taken, also when that happens meanwhile.
 * @param started is given the supervised server at once, before it has answered
 */
export async function startNats(
  paths: HomePaths,
  wanted: NatsToStart,
  started: (server: Supervised) => void,
): Promise<Cluster> {
  const { book, say, signal } = wanted;
  const logFile = childLog(paths, NATS);
  const lastWords = (): string => `${book.lastWords(NATS)}; its log is ${logFile}`;
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
      book.events.line?.(name, text);
    };
    const ended: SuperviseEvents['ended'] = (name, why, times, delayMs) => {
      failures = times;
      written &&= [];
      book.events.ended?.(name, why, times, delayMs);
    };
    const server = supervise(
      {
        name: NATS,
        command: wanted.program,
        args: ['-c', paths.natsConfig],
        env: leanNats(process.env),
        logFile,
        graceMs: 15_000,
      },
      { ...book.events, line, ended },
    );
    started(server);
    try {
      const name = serverName(cluster);
      await waitForNats(port, READY_WITHIN_MS, lastWords, {
        name,
        failures: () => failures,
        onWait: (ms) => say(tellReading(ms, streamsBeingRead(written?.join('\n') ?? ''), lastWords())),
        tellEveryMs: wanted.tellEveryMs,
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
