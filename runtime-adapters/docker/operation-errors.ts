import { StatusError, statusError } from '../../contracts/errors/status.ts';
import type { ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import { type RuntimeCause, runtimeError } from '../../contracts/runtime/errors.ts';
import { engineCode, engineError, engineWords } from './engine.ts';

/** There is no container of this id. */
export const notFound = (id: string): StatusError =>
  statusError('NotFound', `get container ${id}: there is none of this id; list the containers again`);

/** The error of a failed create, with its cause. */
export function createError(config: ResolvedContainerConfig, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const words = engineWords(error);
  const act = `create container ${config.name} of pod ${config.pod.namespace}/${config.pod.name}`;
  if (engineCode(error) === 404 && /no such image/i.test(words)) {
    return runtimeError('NotFound', 'ImageNotPresent', `${act}: ${words}; pull the image first`);
  }
  return caused(act, 'CreateContainerError', error);
}

/** Most bytes of a path on Linux. */
const PATH_BYTES_MAX = 4095;

/**
 * Rejects a program name that is longer than any path. With such a name runc can hang for ever while it reports the error
 * (observed with 100 kB), and the engine with it wherever it needs that container.
 * @throws StatusError Invalid, cause CreateContainerError
 */
export function checkProgramName({ name, pod, command = [] }: ResolvedContainerConfig): void {
  const bytes = Buffer.byteLength(command[0] ?? '');
  if (bytes <= PATH_BYTES_MAX) return;
  const act = `create container ${name} of pod ${pod.namespace}/${pod.name}`;
  const found = `the program in command has a name of ${bytes} bytes, and a path has at most ${PATH_BYTES_MAX}`;
  throw runtimeError('Invalid', 'CreateContainerError', `${act}: ${found}; correct command`);
}

export const startError = (act: string, error: unknown): StatusError => caused(act, 'RunContainerError', error);
export const sandboxError = (act: string, error: unknown): StatusError => caused(act, 'CreatePodSandboxError', error);

/** Adds the cause, except to an error that is only temporary. */
function caused(act: string, cause: RuntimeCause, error: unknown): StatusError {
  const found = engineError(act, error);
  const { reason = 'InternalError' } = found;
  if (reason === 'ServiceUnavailable' || reason === 'Timeout' || reason === 'TooManyRequests') return found;
  return runtimeError(reason === 'NotFound' ? 'Invalid' : reason, cause, found.message);
}
