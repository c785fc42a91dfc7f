import Docker from 'dockerode';
import { StatusError, statusError } from '../../contracts/errors/status.ts';

export type Engine = Docker;

/** @param socketPath  of the engine's socket; without it DOCKER_HOST, else the usual place */
export const connectEngine = (socketPath?: string): Engine =>
  new Docker(socketPath === undefined ? undefined : { socketPath });

/** HTTP status of the engine's refusal; `undefined` when it did not answer at all. */
export function engineCode(error: unknown): number | undefined {
  const code = (error as { readonly statusCode?: unknown } | null)?.statusCode;
  return typeof code === 'number' ? code : undefined;
}

const WORDS_HALF = 2048;
/** The engine may repeat what it was asked, such as a command of any length; what was wrong with it stands at the end. */
export const cutWords = (words: string): string =>
  words.length <= 2 * WORDS_HALF ? words : `${words.slice(0, WORDS_HALF)}…${words.slice(-WORDS_HALF)}`;

/** The engine's own words, without the client's. */
export function engineWords(error: unknown): string {
  const { json, message } = (error ?? {}) as {
    readonly json?: { readonly message?: unknown };
    readonly message?: unknown;
  };
  const words = typeof json?.message === 'string' ? json.message : message;
  const found = (typeof words === 'string' ? words : String(error)).replace(/^\(HTTP code \d+\) [^-]*- /, '').trim();
  return cutWords(found);
}

/** A timer that is set for longer rings at once. */
const TIMER_MS_MAX = 0x7fff_ffff;

/**
 * One call with a deadline.
 * @param act  what is being done, for messages
 * @throws StatusError Timeout, ServiceUnavailable (no engine); else what the client threw, for the caller to name
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
      throw statusError('Timeout', `${act}: the engine did not answer within ${timeoutMs} ms; ask again`);
    }
    throw statusError(
      'ServiceUnavailable',
      `${act}: no container engine answers (${engineWords(error)}); is dockerd running, and may this user reach its socket?`,
    );
  }
}

/** Not every call of the client can be aborted. */
const aborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error('deadline')), { once: true });
  });

/** A refusal of no special meaning. */
export function engineRefusal(act: string, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const code = engineCode(error);
  const reason =
    code === 404 ? 'NotFound' : code === 409 ? 'Conflict' : code === 400 ? 'Invalid' : ('InternalError' as const);
  return statusError(reason, `${act}: the engine says "${engineWords(error)}"`);
}
