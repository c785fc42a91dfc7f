import type { ContainerConfig, ResolvedContainerConfig } from './config.ts';
import type { ContainerStatus } from './status.ts';

/** The status in `list` of a container that was just created. @param made.createdAt milliseconds since the Unix epoch */
export function createdContainer(
  config: ContainerConfig | ResolvedContainerConfig,
  made: { readonly id: string; readonly imageId: string; readonly createdAt: number },
): ContainerStatus {
  const { pod, sandboxId, name, attempt, specHash, image, imageName = image } = config;
  return { ...made, sandboxId, pod, name, attempt, specHash, state: 'created', image: imageName };
}
