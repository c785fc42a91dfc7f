import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { appendLog } from '../home/append-log.ts';
import { planRestart } from './plan-restart.ts';
import { endProcess, identify, type ProcessId } from './processes.ts';

export interface ChildSpec {
  /** Name for messages and logs. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its output is appended to this file, see `appendLog`. */
  readonly logFile: string;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

export interface SuperviseEvents {
  /** Every line it writes. */
  readonly line?: (name: string, text: string) => void;
  /** It has started; called after restarts too. */
  readonly started?: (name: string, id: ProcessId) => void;
  /** It ended by itself and starts again after `delayMs`. */
  readonly ended?: (name: string, why: string, failures: number, delayMs: number) => void;
}

export interface Supervised {
  readonly name: string;
  /** The running process; `undefined` between two runs. */
  readonly id: ProcessId | undefined;
  /** Ends the running process and starts it again at once. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const whyEnded = (code: number | null, by: NodeJS.Signals | null): string =>
  by === null ? `ended with code ${code ?? 'unknown'}` : `was killed by ${by}`;

/** Longest wait for the end of a child's output, which a process that it left behind may hold open. */
const LAST_LINES_MS = 1_000;

/**
 * Passes every line of a child to its log file and to `events.line`.
 * @returns a function that waits for the last lines, then stops
 */
function forward(child: ChildProcess, { name, logFile }: ChildSpec, events: SuperviseEvents): () => Promise<void> {
  const readers = [child.stdout, child.stderr].flatMap((stream) => {
    if (stream === null) return [];
    const reader = createInterface({ input: stream });
    reader.on('line', (text) => {
      appendLog(logFile, text);
      events.line?.(name, text);
    });
    return [reader];
  });
  const ended = Promise.all(readers.map((reader) => once(reader, 'close')));
  return async () => {
    const waiting = new AbortController();
    await Promise.race([ended, pause(LAST_LINES_MS, undefined, { signal: waiting.signal }).catch(() => undefined)]);
    waiting.abort();
    for (const reader of readers) reader.close();
  };
}

/**
 * Runs a child process and restarts it with backoff when it ends. The child has a process group of its own: Ctrl-C reaches only
 * this process, which ends its children in order.
 */
export function supervise(spec: ChildSpec, events: SuperviseEvents = {}): Supervised {
  let id: ProcessId | undefined;
  let failures = 0;
  let stopped = false;
  let restarting = false;
  let timer: NodeJS.Timeout | undefined;
  let lastLines = async (): Promise<void> => {};

  const start = (): void => {
    const since = performance.now();
    const child = spawn(spec.command, spec.args, {
      env: spec.env,
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const gone = (why: string): void => {
      if (id === undefined && child.pid !== undefined) return;
      id = undefined;
      if (stopped) return;
      if (restarting) {
        restarting = false;
        return start();
      }
      const plan = planRestart(failures, performance.now() - since);
      failures = plan.failures;
      events.ended?.(spec.name, why, failures, plan.delayMs);
      timer = setTimeout(start, plan.delayMs);
    };
    child.once('error', (error) => gone(`could not start: ${error.message}`));
    child.once('exit', (code, by) => gone(whyEnded(code, by)));
    if (child.pid === undefined) return;
    id = identify(child.pid);
    lastLines = forward(child, spec, events);
    events.started?.(spec.name, id);
  };

  start();
  return {
    name: spec.name,
    get id() {
      return id;
    },
    async restart() {
      if (stopped || id === undefined) return;
      restarting = true;
      await endProcess(id, spec.graceMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      if (id !== undefined) await endProcess(id, spec.graceMs);
      id = undefined; // the process may be gone before Node reports its exit
      await lastLines();
    },
  };
}
