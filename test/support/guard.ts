import { spawn } from 'node:child_process';
import type { Socket } from 'node:net';

/**
 * Has something done when this process ends, which need not be in order: vitest ends its workers by signal. A process of its
 * own waits for that.
 * @param script of `/bin/sh`; its arguments are `$1`, `$2` and so on
 * @returns calls it off
 */
export function guard(script: string, args: readonly string[], env: NodeJS.ProcessEnv = process.env): () => void {
  const waits = spawn('/bin/sh', ['-c', `read -r _; ${script}`, 'sh', ...args], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true, // Ctrl-C is not meant for it
    env,
  });
  waits.unref();
  (waits.stdin as Socket).unref();
  return () => void waits.kill('SIGKILL');
}
