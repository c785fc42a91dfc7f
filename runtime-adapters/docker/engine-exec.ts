import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { type Duplex, PassThrough, Readable, type Writable } from 'node:stream';
import { setTimeout as pause } from 'node:timers/promises';
import type Docker from 'dockerode';
import { statusError } from '../../contracts/errors/status.ts';
import type { TerminalSize } from '../../contracts/messages/sessions.ts';
import type { ExecConfig, ExecProcess } from '../../contracts/runtime/adapter.ts';
import { callEngine, type Engine, engineCode, engineError } from './engine.ts';

const EXEC_MS = 30_000;
/** The engine may close the output a moment before it knows the exit code. */
const EXIT_WAIT_MS = 10_000;
const EXIT_POLL_MS = 20;

/** Of a frame: stream (1 byte), three unused, length (4 bytes). */
const HEAD_BYTES = 8;
const LENGTH_AT = 4;
const STDERR = 2;

/** Starts a command in a container. @throws StatusError */
export async function exec(engine: Engine, containerId: string, config: ExecConfig): Promise<ExecProcess> {
  const act = `run ${config.command[0] ?? ''} in container ${containerId}`;
  try {
    const container = engine.getContainer(containerId);
    const made = await callEngine(act, EXEC_MS, (abortSignal) =>
      container.exec({
        Cmd: [...config.command],
        AttachStdin: config.stdin,
        AttachStdout: true,
        AttachStderr: !config.tty,
        Tty: config.tty,
        abortSignal,
      }),
    );
    const stream = await callEngine(act, EXEC_MS, () =>
      made.start({ hijack: true, stdin: config.stdin, Tty: config.tty }),
    );
    return new EngineProcess(engine, made, stream, { ...config, containerId });
  } catch (error) {
    const stopped = engineCode(error) === 409;
    if (stopped) throw statusError('Conflict', `${act}: the container is not running`);
    throw engineError(act, error);
  }
}

class EngineProcess implements ExecProcess {
  readonly stdin: Writable;
  readonly stdout: Readable;
  readonly stderr: Readable;
  readonly exitCode: Promise<number>;
  readonly #exec: Docker.Exec;
  readonly #stream: Duplex;
  readonly #tty: boolean;
  readonly #containerId: string;

  constructor(
    engine: Engine,
    exec: Docker.Exec,
    stream: Duplex,
    { tty, size, containerId }: ExecConfig & { readonly containerId: string },
  ) {
    this.#exec = exec;
    this.#stream = stream;
    this.#tty = tty;
    this.#containerId = containerId;
    this.stdin = stream;
    const output = tty ? { stdout: stream, stderr: Readable.from([]) } : separated(stream);
    this.stdout = output.stdout;
    this.stderr = output.stderr;
    stream.on('error', () => undefined); // its readers see the end; a writer gets the error of its write
    this.exitCode = this.#exit();
    this.exitCode.catch(() => undefined);
    if (size !== undefined) void this.resize(size);
  }

  async resize({ width, height }: TerminalSize): Promise<void> {
    if (!this.#tty) return;
    // A command that has ended, or has not begun, has no terminal to resize.
    await this.#exec.resize({ w: width, h: height }).catch(() => undefined);
  }

  /** The engine has no call for it, so the process is killed directly; one of an engine elsewhere only loses its input. */
  async kill(): Promise<void> {
    const { Running, Pid } = await this.#exec.inspect().catch(() => ({ Running: false, Pid: 0 }));
    if (Running && Pid > 1 && (await isIn(this.#containerId, Pid))) {
      try {
        process.kill(Pid, 'SIGKILL');
      } catch {
        // It has ended meanwhile, or belongs to another user.
      }
    }
    this.#stream.destroy();
  }

  async #exit(): Promise<number> {
    await new Promise<void>((resolve) => {
      for (const event of ['end', 'close', 'error']) this.#stream.once(event, resolve);
    });
    const until = performance.now() + EXIT_WAIT_MS;
    for (;;) {
      const found = await callEngine('inspect an exec', EXEC_MS, (abortSignal) => this.#exec.inspect({ abortSignal }));
      if (!found.Running && found.ExitCode !== null) return found.ExitCode;
      if (performance.now() > until)
        throw statusError('ServiceUnavailable', 'the connection to the command was lost; it may still be running');
      await pause(EXIT_POLL_MS);
    }
  }
}

/** Is the process of this id on this machine, in this container? */
async function isIn(containerId: string, pid: number): Promise<boolean> {
  const groups = await readFile(`/proc/${pid}/cgroup`, 'utf8').catch(() => '');
  return groups.includes(containerId);
}

/** Separates the engine's mixed stream. Who reads one of the two slowly slows both. */
function separated(mixed: Readable): { readonly stdout: Readable; readonly stderr: Readable } {
  const stdout = new PassThrough();
  const stderr = new PassThrough();
  const ended = new AbortController();
  for (const output of [stdout, stderr]) output.once('close', () => ended.abort());
  const pass = async (): Promise<void> => {
    for await (const { stream, bytes } of frames(mixed)) {
      const output = stream === STDERR ? stderr : stdout;
      if (!output.write(bytes)) await once(output, 'drain', { signal: ended.signal });
    }
  };
  void pass()
    .catch(() => undefined)
    .finally(() => {
      stdout.end();
      stderr.end();
    });
  return { stdout, stderr };
}

/** The parts of the engine's mixed stream, as they come: a frame may be in several parts. */
async function* frames(
  mixed: AsyncIterable<Buffer>,
): AsyncGenerator<{ readonly stream: number; readonly bytes: Uint8Array }> {
  let head = Buffer.alloc(0);
  let stream = 0;
  let left = 0;
  for await (const read of mixed) {
    for (let rest = read; rest.length > 0; ) {
      if (left === 0) {
        const missing = HEAD_BYTES - head.length;
        head = Buffer.concat([head, rest.subarray(0, missing)]);
        rest = rest.subarray(missing);
        if (head.length < HEAD_BYTES) break;
        stream = head[0] ?? 0;
        left = head.readUInt32BE(LENGTH_AT);
        head = Buffer.alloc(0);
        continue;
      }
      const bytes = rest.subarray(0, left);
      left -= bytes.length;
      rest = rest.subarray(bytes.length);
      yield { stream, bytes };
    }
  }
}
