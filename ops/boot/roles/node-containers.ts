import Dockerode from 'dockerode';
import { statusError } from '../../../contracts/errors/status.ts';
import { LABEL } from '../../../runtime-adapters/docker/labels.ts';

/**
 * Removes every container that carries a label, `name=value`; one after the other, since Docker 20.10 can lock up for good when
 * several containers leave a network at once.
 * @returns the labels of the removed containers
 */
export async function removeLabelled(docker: Dockerode, label: string): Promise<readonly Record<string, string>[]> {
  const found = await docker.listContainers({ all: true, filters: { label: [label] } });
  for (const { Id } of found) {
    try {
      await docker.getContainer(Id).remove({ force: true, v: true });
    } catch (error) {
      const code = (error as { statusCode?: number }).statusCode;
      if (code !== 404 && code !== 409) throw error; // already removed, or being removed by another process
    }
  }
  return found.map(({ Labels }) => Labels);
}

/**
 * Removes every container of a node from the engine. The node's kubelet must have stopped.
 * @returns how many pods were removed
 * @throws StatusError ServiceUnavailable when no engine answers
 */
export async function removePods(node: string): Promise<number> {
  const removed = await removeLabelled(new Dockerode(), `${LABEL.node}=${node}`).catch((error: unknown) => {
    throw statusError(
      'ServiceUnavailable',
      `remove the containers of node ${node}: ${(error as Error).message}; is the Docker engine running, and may this user access it?`,
    );
  });
  return uidsAmong(removed).size;
}

/** Timeout of one request to the engine. */
const ENGINE_MS = 5_000;

/** Uids of the node's pods that have a running container; `undefined` when no engine answers. */
export async function runningPods(node: string): Promise<ReadonlySet<string> | undefined> {
  const filters = { label: [`${LABEL.node}=${node}`], status: ['running'] };
  try {
    const running = await new Dockerode({ timeout: ENGINE_MS }).listContainers({ filters });
    return uidsAmong(running.map(({ Labels }) => Labels));
  } catch {
    return undefined; // callers report that the engine does not answer
  }
}

/** The nodes among these that have a running container, sorted; none when no engine answers. */
export async function runningNodes(among: readonly string[]): Promise<readonly string[]> {
  if (among.length === 0) return [];
  const filters = { label: [LABEL.node], status: ['running'] };
  try {
    const running = await new Dockerode({ timeout: ENGINE_MS }).listContainers({ filters });
    const nodes = new Set(running.map(({ Labels }) => Labels[LABEL.node]));
    return among.filter((node) => nodes.has(node)).toSorted();
  } catch {
    return []; // callers report that the engine does not answer
  }
}

const uidsAmong = (labelled: readonly Record<string, string>[]): ReadonlySet<string> =>
  new Set(labelled.map((labels) => labels[LABEL.podUid] ?? ''));
