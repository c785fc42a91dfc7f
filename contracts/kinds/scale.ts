import { requirementsOf, requirementsText } from '../selectors/label-selector.ts';
import type { Deployment, ReplicaSet, Scale } from './kinds.ts';

/** What can be scaled through the `scale` subresource. */
export type Scalable = Deployment | ReplicaSet;

/** The `autoscaling/v1` Scale of an object: its name and version, how many are wanted and how many are. */
export function scaleOf({ metadata = {}, spec, status }: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const meta = Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp });
  return {
    apiVersion: 'autoscaling/v1',
    kind: 'Scale',
    metadata: Object.fromEntries(meta.filter(([, value]) => value !== undefined)),
    spec: { replicas: spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0, selector: requirementsText(requirementsOf(spec?.selector ?? {})) },
  };
}

/** The object with the number of replicas that a Scale asks for; everything else stays. The result goes through `admit`. */
export function withScale<T extends Scalable>(object: T, scale: Scale): T {
  return { ...object, spec: { ...object.spec, replicas: scale.spec?.replicas ?? 0 } };
}
