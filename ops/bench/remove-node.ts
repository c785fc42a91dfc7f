import Docker from 'dockerode';

/** Removes the containers of a node that a case has started, those in a sandbox before it. */
export async function removeNode(node: string): Promise<void> {
  const docker = new Docker();
  const left = await docker.listContainers({ all: true, filters: { label: [`troupe.node=${node}`] } });
  const sandboxesLast = left.sort(
    (a, b) =>
      Number(b.HostConfig.NetworkMode.startsWith('container:')) -
      Number(a.HostConfig.NetworkMode.startsWith('container:')),
  );
  for (const { Id } of sandboxesLast) await docker.getContainer(Id).remove({ force: true, v: true });
}
