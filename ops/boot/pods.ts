import Dockerode from 'dockerode';
import { LABEL } from '../../runtime-adapters/docker/labels.ts';

/**
 * Removes every container of a node from the engine; for when no kubelet runs any more.
 * @returns how many pods that were
 * @throws StatusError ServiceUnavailable when no engine answers
 */
export async function removePods(node: string): Promise<number> {
  const docker = new Dockerode();
  const found = await docker.listContainers({ all: true, filters: { label: [`${LABEL.node}=${node}`] } });
  await Promise.all(
    found.map(async ({ Id }) => {
      try {
        await docker.getContainer(Id).remove({ force: true, v: true });
      } catch (error) {
        const code = (error as { statusCode?: number }).statusCode;
        if (code !== 404 && code !== 409) throw error; // gone, or going by another hand
      }
    }),
  );
  return new Set(found.map(({ Labels }) => Labels[LABEL.podUid] ?? '')).size;
}
