import { spawn } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { statusError } from '../../contracts/errors/status.ts';

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
  /** The command's output is appended to this file. */
  readonly logFile: string;
  readonly timeoutMs: number;
}

const KEPT = 20;

/**
 * Runs a command to its end.
 * @returns its output, both streams
 * @throws StatusError InternalError with its last line, Timeout, NotFound when there is no such command
 */
export function runCommand(command: string, args: readonly string[], options: CommandOptions): Promise<string> {
  const act = [command, ...args.filter((arg) => !arg.startsWith('-') && !arg.includes('::'))].slice(0, 3).join(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
      env: { ...process.env, LC_ALL: 'C', ...options.env },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: options.timeoutMs,
    });
    let written = '';
    const take = (data: Buffer): void => {
      written += data.toString();
      try {
        appendFileSync(options.logFile, data, { mode: 0o600 });
      } catch {
        // on a full disk the command itself reports the error
      }
    };
    child.stdout.on('data', take);
    child.stderr.on('data', take);
    child.once('error', (cause) => reject(statusError('NotFound', `${act}: ${cause.message}`)));
    child.once('close', (code, by) => {
      if (code === 0) return resolve(written);
      if (child.killed) return reject(statusError('Timeout', `${act}: not done after ${options.timeoutMs} ms`));
      if (by !== null) return reject(statusError('InternalError', `${act}: was killed by ${by}`));
      reject(statusError('InternalError', `${act}: ${errorLine(written)} (full output in ${options.logFile})`));
    });
  });
}

/** The line with the error, which apt marks `E:`; else the last line. */
function errorLine(written: string): string {
  const lines = written
    .split('\n')
    .map((line) => line.trim())
    .filter((line) => line !== '')
    .slice(-KEPT);
  return lines.findLast((line) => /^(E:|error|fatal)/i.test(line)) ?? lines.at(-1) ?? 'it failed without output';
}
