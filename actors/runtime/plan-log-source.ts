import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import type { ContainerStatus } from '../../contracts/runtime/status.ts';

/**
 * Decides which container's log a request means: the newest attempt that ran, or with `previous` the one before it.
 * @throws StatusError NotFound, BadRequest (the pod has several containers and none was named)
 */
export function planLogSource(query: LogQuery, containers: readonly ContainerStatus[]): ContainerStatus {
  const act = `read the log of pod ${query.namespace}/${query.pod}`;
  const inPod = newestPod(query, containers);
  const names = [...new Set(inPod.map(({ name }) => name))].toSorted();
  const asked = query.container === '' ? undefined : query.container;
  const name = asked ?? names[0];
  if (name === undefined) throw notFound(`${act}: it has no container on this node; see the pod's status`);
  if (asked === undefined && names.length > 1) {
    throw statusError('BadRequest', `${act}: name one of its containers: ${names.join(', ')}`);
  }
  const attempts = inPod.filter((container) => container.name === name).toSorted((a, b) => a.attempt - b.attempt);
  const ran = attempts.filter(({ state }) => state !== 'created');
  const found = query.previous === true ? ran.at(-2) : (ran.at(-1) ?? attempts.at(-1));
  if (found !== undefined) return found;
  const which = query.previous === true ? 'an earlier run of container' : 'container';
  throw notFound(`${act}: ${which} ${name} is not on this node; see the pod's status`);
}

/** Containers of the newest pod of that name: earlier pods may have had it too. */
function newestPod(query: LogQuery, containers: readonly ContainerStatus[]): readonly ContainerStatus[] {
  const named = containers.filter(({ pod }) => pod.namespace === query.namespace && pod.name === query.pod);
  if (query.podUid !== undefined && query.podUid !== '') return named.filter(({ pod }) => pod.uid === query.podUid);
  let newest: ContainerStatus | undefined;
  for (const container of named) if (newest === undefined || container.createdAt > newest.createdAt) newest = container;
  return named.filter(({ pod }) => pod.uid === newest?.pod.uid);
}

const notFound = (message: string): StatusError => statusError('NotFound', message);
