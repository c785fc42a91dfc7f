import { StatusError, statusError } from '../../contracts/errors/status.ts';
import type { ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import { type RuntimeCause, runtimeError } from '../../contracts/runtime/errors.ts';
import { engineCode, engineRefusal, engineWords } from './engine.ts';

export const absent = (id: string): StatusError =>
  statusError('NotFound', `look at container ${id}: the engine has none of that id; list again`);

export function createRefusal(config: ResolvedContainerConfig, error: unknown): StatusError {
  if (error instanceof StatusError) return error;
  const words = engineWords(error);
  const act = `create container ${config.name} of pod ${config.pod.namespace}/${config.pod.name}`;
  if (engineCode(error) === 404 && /no such image/i.test(words)) {
    return runtimeError('NotFound', 'ImageNotPresent', `${act}: ${words}; pull the image first`);
  }
  return caused(act, 'CreateContainerError', error);
}

const PATH_BYTES_MAX = 4095;

/**
 * No program has so long a name. Asked for one, runc can hang for ever while it tells so (seen with 100 kB), and the engine
 * with it wherever it needs that container.
 */
export function refuseLongProgram({ name, pod, command = [] }: ResolvedContainerConfig): void {
  const bytes = Buffer.byteLength(command[0] ?? '');
  if (bytes <= PATH_BYTES_MAX) return;
  const act = `create container ${name} of pod ${pod.namespace}/${pod.name}`;
  const found = `the program that its command names has ${bytes} bytes, and ${PATH_BYTES_MAX} at most can be a path`;
  throw runtimeError('Invalid', 'CreateContainerError', `${act}: ${found}; correct command`);
}

export const startRefusal = (act: string, error: unknown): StatusError => caused(act, 'RunContainerError', error);
export const sandboxRefusal = (act: string, error: unknown): StatusError => caused(act, 'CreatePodSandboxError', error);

function caused(act: string, cause: RuntimeCause, error: unknown): StatusError {
  const refusal = engineRefusal(act, error);
  const { reason = 'InternalError' } = refusal;
  if (reason === 'ServiceUnavailable' || reason === 'Timeout' || reason === 'TooManyRequests') return refusal;
  return runtimeError(reason === 'NotFound' ? 'Invalid' : reason, cause, refusal.message);
}
