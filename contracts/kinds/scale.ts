import type { StatusCause } from '../errors/status.ts';
import { requirementsOf, requirementsText } from '../selectors/label-selector.ts';
import { checkType } from './check-fields.ts';
import type { Deployment, ReplicaSet, Scale } from './kinds.ts';
import { typeNode } from './schema.ts';
import { Findings } from './validation-findings.ts';

/** Kinds with a `scale` subresource. */
export type Scalable = Deployment | ReplicaSet;

/** The type's name, for objects and refusals. */
export const SCALE = { apiVersion: 'autoscaling/v1', kind: 'Scale', group: 'autoscaling' };

/** Validates a Scale from a client. `[]` = valid. */
export function checkScale(input: unknown): readonly StatusCause[] {
  const causes = checkType(typeNode('Scale'), input);
  if (causes.length > 0) return causes;
  const replicas = (input as Scale).spec?.replicas;
  const findings = new Findings();
  if (replicas === undefined) findings.required('spec.replicas', 'set the number of replicas');
  else if (replicas < 0) findings.invalid('spec.replicas', replicas, 'must be greater than or equal to 0');
  return findings.causes;
}

/** The `autoscaling/v1` Scale of an object: its metadata, the desired and the actual number of replicas. */
export function scaleOf({ metadata = {}, spec, status }: Scalable): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = metadata;
  const meta = Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp });
  return {
    apiVersion: SCALE.apiVersion,
    kind: SCALE.kind,
    metadata: Object.fromEntries(meta.filter(([, value]) => value !== undefined)),
    spec: { replicas: spec?.replicas ?? 1 },
    status: { replicas: status?.replicas ?? 0, selector: requirementsText(requirementsOf(spec?.selector ?? {})) },
  };
}

/** The object with the Scale's number of replicas, otherwise unchanged. The result must pass `admit`. */
export function withScale<T extends Scalable>(object: T, scale: Scale): T {
  return { ...object, spec: { ...object.spec, replicas: scale.spec?.replicas ?? 0 } };
}
