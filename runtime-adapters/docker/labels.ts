import type { PodSandboxConfig, ResolvedContainerConfig } from '../../contracts/runtime/config.ts';
import type { PodRef } from '../../contracts/runtime/references.ts';

/** Labels of the containers that an adapter creates. The adapter finds them by these, and so can users (`docker ps --filter label=…`). */
export const LABEL = {
  /** The node's name: several nodes may share an engine. */
  node: 'troupe.node',
  /** `sandbox` or `container`. */
  kind: 'troupe.kind',
  podUid: 'troupe.pod.uid',
  podNamespace: 'troupe.pod.namespace',
  podName: 'troupe.pod.name',
  container: 'troupe.container',
  attempt: 'troupe.attempt',
  specHash: 'troupe.spec-hash',
  sandboxId: 'troupe.sandbox',
  image: 'troupe.image',
} as const;

export type Labels = Readonly<Record<string, string>>;

const podLabels = (node: string, pod: PodRef): Record<string, string> => ({
  [LABEL.node]: node,
  [LABEL.podUid]: pod.uid,
  [LABEL.podNamespace]: pod.namespace,
  [LABEL.podName]: pod.name,
});

export const sandboxLabels = (node: string, config: PodSandboxConfig): Record<string, string> => ({
  ...podLabels(node, config.pod),
  [LABEL.kind]: 'sandbox',
  [LABEL.attempt]: String(config.attempt),
});

export const containerLabels = (
  node: string,
  config: Omit<ResolvedContainerConfig, 'env'>,
): Record<string, string> => ({
  ...podLabels(node, config.pod),
  [LABEL.kind]: 'container',
  [LABEL.container]: config.name,
  [LABEL.attempt]: String(config.attempt),
  [LABEL.specHash]: config.specHash,
  [LABEL.sandboxId]: config.sandboxId,
  [LABEL.image]: config.imageName ?? config.image,
});

export const podOf = (labels: Labels): PodRef => ({
  uid: labels[LABEL.podUid] ?? '',
  namespace: labels[LABEL.podNamespace] ?? '',
  name: labels[LABEL.podName] ?? '',
});

export const attemptOf = (labels: Labels): number => Number(labels[LABEL.attempt] ?? 0);

/** The engine's name of an attempt. Names are unique, which makes `create` idempotent, also across processes. */
export const engineName = (container: string, pod: PodRef, attempt: number): string =>
  `troupe_${container}_${pod.name}_${pod.namespace}_${pod.uid}_${attempt}`;
/** The sandbox's name among the pod's containers. No container has it: Kubernetes' names are lower case. */
export const SANDBOX_NAME = 'POD';
