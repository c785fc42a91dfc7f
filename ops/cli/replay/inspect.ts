import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { launcher } from '../../boot/home/project-root.ts';
import { Exit, UsageError } from '../shared/errors.ts';
import { FAILURE } from '../shared/render-error.ts';
import type { Terminal } from '../shared/terminal.ts';
import type { ReplayOptions } from './options.ts';
import { codeOf, indexOfTyped, openNamed, partsOf, startsMeant, typedTurn } from './parts.ts';

const PORT = 9229;
const PORT_LEAST = 1024;

/** Runs the same command in a process that waits for a debugger to attach on 127.0.0.1. */
export async function inspectCommand(
  what: string,
  { inspectBrk, ...options }: ReplayOptions,
  terminal: Terminal,
): Promise<void> {
  const port = inspectBrk === true ? PORT : Number(inspectBrk);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new UsageError(`--inspect-brk is "${String(inspectBrk)}"; give a port, or none for ${PORT}`);
  if (port > 0 && port < PORT_LEAST)
    throw new UsageError(
      `--inspect-brk: port ${port} is below ${PORT_LEAST}, which Node's debugger does not allow; give another, or none for ${PORT}`,
    );
  if (!(await isFree(port)))
    throw new UsageError(
      `--inspect-brk: port ${port} is in use, perhaps by another debugged process; give another: --inspect-brk ${port + 1}`,
    );
  await checkMeant(what, options, terminal);
  const where = options.turn === undefined ? 'at the first turn that differs' : `at turn ${options.turn}`;
  terminal.tell(`attach a debugger and continue: it stops ${where}, inside the actor's behaviour`);
  const args = ['replay', what, ...flagsOf(options)];
  const child = spawn(process.execPath, [`--inspect-brk=127.0.0.1:${port}`, launcher, ...args], { stdio: 'inherit' });
  const end = (): void => void child.kill('SIGTERM');
  terminal.signal.addEventListener('abort', end);
  const [code] = (await once(child, 'exit')) as [number | null];
  terminal.signal.removeEventListener('abort', end);
  if (code !== 0) throw new Exit(code ?? FAILURE);
}

/**
 * Checks that the recording can be played. The debugged process would find out only after a debugger has attached.
 * @throws UsageError, StatusError
 */
async function checkMeant(what: string, options: ReplayOptions, terminal: Terminal): Promise<void> {
  const n = options.turn === undefined ? undefined : typedTurn(options.turn);
  const source = await openNamed(what, options, terminal);
  const meant =
    n === undefined ? partsOf(source, options).map(({ playable }) => playable) : startsMeant(source, options).slice(-1);
  for (const playable of meant) {
    if (n !== undefined) indexOfTyped(playable, n, source.playables);
    codeOf(playable);
  }
}

/** Checked here because Node only prints a message when it cannot listen, and continues without a debugger. */
async function isFree(port: number): Promise<boolean> {
  const server = createServer().listen(port, '127.0.0.1');
  try {
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}

function flagsOf({ turn, from, to, actor, instance, level, key, context, actors }: ReplayOptions): readonly string[] {
  const given = { turn, from, to, actor, instance, level, key, context, actors };
  return Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}`, value]));
}
