import Dockerode from 'dockerode';
import { LABEL, type Labels } from '../../runtime-adapters/docker/labels.ts';

/**
 * Removes every container of a node from the engine; for when no kubelet runs any more.
 * @returns how many pods that were
 * @throws StatusError ServiceUnavailable when no engine answers
 */
export async function removePods(node: string): Promise<number> {
  const docker = new Dockerode();
  const found = await docker.listContainers({ all: true, filters: { label: [`${LABEL.node}=${node}`] } });
  const remove = async ({ Id }: { readonly Id: string }): Promise<void> => {
    try {
      await docker.getContainer(Id).remove({ force: true, v: true });
    } catch (error) {
      const code = (error as { statusCode?: number }).statusCode;
      if (code !== 404 && code !== 409) throw error; // gone, or going by another hand
    }
  };
  const isSandbox = ({ Labels }: { readonly Labels: Labels }): boolean => Labels[LABEL.kind] === 'sandbox';
  await Promise.all(found.filter((one) => !isSandbox(one)).map(remove));
  // Sandboxes one at a time: Docker 20.10 locks up when several leave a network together.
  for (const sandbox of found.filter(isSandbox)) await remove(sandbox);
  return new Set(found.map(({ Labels }) => Labels[LABEL.podUid] ?? '')).size;
}
