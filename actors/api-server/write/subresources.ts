import { StatusError } from '../../../contracts/errors/status.ts';
import { invalid } from '../../../contracts/kinds/admit.ts';
import type { Scale } from '../../../contracts/kinds/kinds.ts';
import { checkFinalizerNames } from '../../../contracts/kinds/meta/check-meta.ts';
import { checkScale, SCALE, scaleOf, withScale } from '../../../contracts/kinds/scale.ts';
import { Findings } from '../../../contracts/kinds/validation-findings.ts';
import { badRequest } from '../api-errors.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { get } from '../read/get-and-list.ts';
import type { Request, Target } from '../request.ts';
import { presented } from '../served-kinds.ts';
import { admittedStatus, admittedUpdate } from './admission.ts';
import type { Editable } from './plan-update.ts';

/** What an update or a patch of a subresource can edit. */
export function subresourceOf(request: Request): Editable {
  if (request.subresource === 'status') return status(request);
  if (request.subresource === 'scale') return scale(request);
  return finalize(request);
}

/** `get` of a subresource. */
export const getSubresource = (context: Context, request: Request, body: unknown): Answer<Obj> =>
  andThen(get(context, request, body), (object) => subresourceOf(request).shown(object));

/** Only the status. */
const status = (target: Target): Editable => ({
  shown: (stored) => presented(target, stored),
  next: (stored, edited) => admittedStatus(target.kind, stored, edited.status),
});

/** Only `spec.finalizers` of a namespace. */
const finalize = (target: Target): Editable => ({
  shown: (stored) => stored,
  next: (stored, edited) => {
    const finalizers = edited.spec?.['finalizers'] ?? [];
    if (!Array.isArray(finalizers) || finalizers.some((name) => typeof name !== 'string')) {
      throw badRequest('namespaces/finalize: spec.finalizers must be a list of strings');
    }
    const findings = new Findings();
    checkFinalizerNames('spec.finalizers', finalizers as string[], findings);
    if (findings.causes.length > 0) throw new StatusError(invalid(target.kind, target.name, findings.causes));
    return { ...stored, spec: { ...stored.spec, finalizers } };
  },
});

/** Only the number of replicas, in the form of an `autoscaling/v1` Scale. */
function scale(target: Target): Editable {
  const fields = target.kind.scale;
  if (fields === undefined) throw badRequest(`${target.kind.resource}/scale: ${target.kind.kind} has no replicas`);
  return {
    shown: (stored) => scaleOf(fields, stored) as unknown as Obj,
    next: (stored, edited) => {
      const causes = checkScale(edited);
      if (causes.length > 0) throw new StatusError(invalid(SCALE, target.name, causes));
      const scaled = withScale(fields, stored, edited as unknown as Scale) as Obj;
      return admittedUpdate(target.kind, scaled, stored);
    },
  };
}
