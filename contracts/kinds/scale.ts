import type { StatusCause } from '../errors/status.ts';
import { requirementsOf, requirementsText } from '../selectors/label-selector.ts';
import { checkType } from './check-fields.ts';
import type { ScaleFields } from './kind.ts';
import type { Deployment, KubeObject, ReplicaSet, Scale } from './kinds.ts';
import { typeNode } from './schema.ts';
import { Findings } from './validation-findings.ts';

type Workload = Deployment | ReplicaSet;

/** Of the workloads that count replicas in `spec.replicas`. */
export const WORKLOAD_SCALE: ScaleFields<Workload> = {
  read: ({ spec, status }) => ({
    wanted: spec?.replicas ?? 1,
    actual: status?.replicas ?? 0,
    selector: requirementsText(requirementsOf(spec?.selector ?? {})),
  }),
  withReplicas: (object, replicas) => ({ ...object, spec: { ...object.spec, replicas } }) as typeof object,
};

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
export function scaleOf<T extends KubeObject>(fields: ScaleFields<T>, object: T): Scale {
  const { name, namespace, uid, resourceVersion, creationTimestamp } = object.metadata ?? {};
  const meta = Object.entries({ name, namespace, uid, resourceVersion, creationTimestamp });
  const { wanted, actual, selector } = fields.read(object);
  return {
    apiVersion: SCALE.apiVersion,
    kind: SCALE.kind,
    metadata: Object.fromEntries(meta.filter(([, value]) => value !== undefined)),
    spec: { replicas: wanted },
    status: { replicas: actual, selector },
  };
}

/** The object with the Scale's number of replicas, otherwise unchanged. The result must pass `admit`. */
export const withScale = <T extends KubeObject>(fields: ScaleFields<T>, object: T, scale: Scale): T =>
  fields.withReplicas(object, scale.spec?.replicas ?? 0);
