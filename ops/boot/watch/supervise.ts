import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { appendLog } from '../home/append-log.ts';
import { planRestart } from './plan-restart.ts';
import { endProcess, identify, type ProcessId } from './processes.ts';

export interface ChildSpec {
  /** Shown before its lines. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Its output is appended here, see `appendLog`. */
  readonly logFile: string;
  /** Milliseconds between SIGTERM and SIGKILL. */
  readonly graceMs: number;
}

export interface SuperviseEvents {
  /** Every line it writes. */
  readonly line?: (name: string, text: string) => void;
  /** It started; also after a restart. */
  readonly started?: (name: string, id: ProcessId) => void;
  /** It ended by itself and starts again after `delayMs`. */
  readonly ended?: (name: string, why: string, failures: number, delayMs: number) => void;
}

export interface Supervised {
  readonly name: string;
  /** Of the process that runs now; `undefined` between two. */
  readonly id: ProcessId | undefined;
  /** Ends what runs now, in order, and starts it again at once. */
  restart(): Promise<void>;
  /** Ends it for good. */
  stop(): Promise<void>;
}

const whyEnded = (code: number | null, by: NodeJS.Signals | null): string =>
  by === null ? `ended with code ${code ?? 'unknown'}` : `was killed by ${by}`;

/** Longest that the end of a child's output is waited for: a process that it left behind may hold it open. */
const LAST_LINES_MS = 1_000;

/**
 * Hands every line of a child to its log file and to whoever listens.
 * @returns stops that, once its last lines have come
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
 * Runs a child process and starts it again when it ends, with backoff. The child is in a process group of its own, so
 * that Ctrl-C reaches only us and children are ended in order.
 */
export function supervise(spec: ChildSpec, events: SuperviseEvents = {}): Supervised {
  let id: ProcessId | undefined;
  let failures = 0;
  let stopped = false;
  let anew = false;
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
      if (anew) {
        anew = false;
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
      anew = true;
      await endProcess(id, spec.graceMs);
    },
    async stop() {
      stopped = true;
      clearTimeout(timer);
      if (id !== undefined) await endProcess(id, spec.graceMs);
      id = undefined; // the kernel may know before Node tells
      await lastLines();
    },
  };
}
