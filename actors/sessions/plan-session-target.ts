import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import type { SessionRequest } from '../../contracts/messages/sessions.ts';
import type { ContainerStatus, RuntimeLevel, SandboxStatus } from '../../contracts/runtime/status.ts';

/**
 * Decides in which container an exec runs: in the newest attempt. Pure.
 * @throws StatusError NotFound, Conflict (it is not running)
 */
export function planContainer(
  { namespace, pod, podUid }: SessionRequest,
  container: string,
  { containers }: RuntimeLevel,
): ContainerStatus {
  const act = `exec into pod ${namespace}/${pod}`;
  const attempts = containers.filter((one) => one.pod.uid === podUid && one.name === container);
  const newest = newestOf(attempts);
  if (newest === undefined) throw notFound(`${act}: container not found ("${container}"); it may not have started yet`);
  if (newest.state === 'running') return newest;
  throw statusError('Conflict', `${act}: container "${container}" is not running (it is ${newest.state})`);
}

/** Decides to whose network a port-forward connects. Pure. @throws StatusError NotFound */
export function planSandbox({ namespace, pod, podUid }: SessionRequest, { sandboxes }: RuntimeLevel): SandboxStatus {
  const ready = newestOf(sandboxes.filter((one) => one.pod.uid === podUid && one.state === 'ready'));
  if (ready !== undefined) return ready;
  throw notFound(`forward ports of pod ${namespace}/${pod}: the pod is not running on this node`);
}

const newestOf = <T extends { readonly attempt: number }>(attempts: readonly T[]): T | undefined =>
  attempts.toSorted((a, b) => b.attempt - a.attempt)[0];

const notFound = (message: string): StatusError => statusError('NotFound', message);
