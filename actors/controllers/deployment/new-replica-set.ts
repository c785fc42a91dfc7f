import type { Deployment, ReplicaSet } from '../../../contracts/kinds/kinds.ts';
import { controllerReference } from '../shared/owner-reference.ts';
import { HASH_LABEL } from './pod-template-hash.ts';
import { copiedAnnotations } from './revision-annotations.ts';

/** The ReplicaSet to create for a Deployment's template. @param hash its `pod-template-hash` */
export function newReplicaSet(
  deployment: Deployment,
  name: string,
  hash: string,
  replicas: number,
  annotations: Readonly<Record<string, string>>,
): ReplicaSet {
  const { template, selector, minReadySeconds } = deployment.spec ?? {};
  const labels = { ...template?.metadata?.labels, [HASH_LABEL]: hash };
  const namespace = deployment.metadata?.namespace;
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      labels,
      annotations: { ...copiedAnnotations(deployment), ...annotations },
      ownerReferences: [controllerReference(deployment, 'apps/v1', 'Deployment')],
    },
    spec: {
      replicas,
      ...(minReadySeconds === undefined ? {} : { minReadySeconds }),
      selector: { ...selector, matchLabels: { ...selector?.matchLabels, [HASH_LABEL]: hash } },
      template: { ...template, metadata: { ...template?.metadata, labels } },
    },
  };
}
