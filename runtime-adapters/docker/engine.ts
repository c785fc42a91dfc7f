import Docker from 'dockerode';
import { StatusError, statusError } from '../../contracts/errors/status.ts';

export type Engine = Docker;

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  x64: 'amd64',
  aarch64: 'arm64',
  armv7l: 'arm',
  ia32: '386',
  i686: '386',
};
/** Go's name of an architecture, from the kernel's or Node's name. */
export const architectureName = (name: string): string => ARCHITECTURES[name] ?? name;

/** @param socketPath  path of the engine's socket; by default DOCKER_HOST, else the usual path */
export const connectEngine = (socketPath?: string): Engine =>
  new Docker(socketPath === undefined ? undefined : { socketPath });

/** The HTTP status of the engine's error; `undefined` when the engine did not answer. */
export function engineCode(error: unknown): number | undefined {
  const code = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

const WORDS_HALF = 2048;
/** Shortens a message in the middle: the engine may repeat a command of any length, and names the error at the end. */
export const cutWords = (words: string): string =>
  words.length <= 2 * WORDS_HALF ? words : `${words.slice(0, WORDS_HALF)}…${words.slice(-WORDS_HALF)}`;

/** The engine's error message, without what its client adds. */
export function engineWords(error: unknown): string {
  const { json, message } = (error ?? {}) as {
    readonly json?: { readonly message?: unknown };
    readonly message?: unknown;
  };
  const words = typeof json?.message === 'string' ? json.message : message;
  const found = (typeof words === 'string' ? words : String(error)).replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
  return cutWords(found);
}

/** Node fires a timer at once when it is set for longer than this. */
const TIMER_MS_MAX = 0x7fff_ffff;

/**
 * Makes one call with a timeout.
 * @param act  what the call does, for error messages
 * @throws StatusError Timeout or ServiceUnavailable (no engine); else the client's error, for the caller to map
 */
export async function callEngine<T>(
  act: string,
  timeoutMs: number,
  work: (abortSignal: AbortSignal) => Promise<T>,
): Promise<T> {
  const abortSignal = AbortSignal.timeout(Math.min(timeoutMs, TIMER_MS_MAX));
  try {
    return await Promise.race([work(abortSignal), aborted(abortSignal)]);
  } catch (error) {
    if (error instanceof StatusError || engineCode(error) !== undefined) throw error;
    if (abortSignal.aborted) {
      throw statusError('Timeout', `${act}: the engine did not answer within ${timeoutMs} ms; retry`);
    }
    throw statusError(
      'ServiceUnavailable',
      `${act}: no container engine answers (${engineWords(error)}); is dockerd running, and may this user reach its socket?`,
    );
  }
}

/** Rejects at the timeout: not every call of the client can be aborted. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('deadline')), { once: true });
  });

/** The StatusError for an engine's error that has no more specific meaning. */
export function engineError(act: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const code = engineCode(error);
  const reason =
    code === 404 ? 'NotFound' : code === 409 ? 'Conflict' : code === 400 ? 'Invalid' : ('InternalError' as const);
  return statusError(reason, `${act}: the engine says "${engineWords(error)}"`);
}
