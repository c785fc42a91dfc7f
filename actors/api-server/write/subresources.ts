import type { Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import { type Status, StatusError, success } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { invalid as refusal } from '../../../contracts/kinds/admit.ts';
import type { PodStatus, Scale } from '../../../contracts/kinds/kinds.ts';
import { checkFinalizerNames } from '../../../contracts/kinds/meta/check-meta.ts';
import { withCondition } from '../../../contracts/kinds/meta/conditions.ts';
import { checkScale, SCALE, type Scalable, scaleOf, withScale } from '../../../contracts/kinds/scale.ts';
import { Findings } from '../../../contracts/kinds/validation-findings.ts';
import { quotable } from '../../../contracts/printable.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { get } from '../read/reads.ts';
import { badRequest, conflict, precondition } from '../refusals.ts';
import { qualified, type Request, type Target } from '../request.ts';
import { presented } from '../served.ts';
import { admittedStatus, admittedUpdate } from './admission.ts';
import type { Facet } from './update.ts';
import { change } from './write.ts';

/** What an update or a patch of a subresource may touch. */
export function subresourceOf(request: Request): Facet {
  if (request.subresource === 'status') return status(request);
  if (request.subresource === 'scale') return scale(request);
  return finalize(request);
}

/** `get` of a subresource. */
export const getSubresource = (context: Context, request: Request, body: unknown): Answer<Obj> =>
  andThen(get(context, request, body), (object) => subresourceOf(request).shown(object));

/** Only the status. */
const status = (target: Target): Facet => ({
  shown: (old) => presented(target, old),
  next: (old, edited) => admittedStatus(target.kind, old, edited.status),
});

/** Only `spec.finalizers` of a namespace. */
const finalize = (target: Target): Facet => ({
  shown: (old) => old,
  next: (old, edited) => {
    const finalizers = edited.spec?.['finalizers'] ?? [];
    if (!Array.isArray(finalizers) || finalizers.some((name) => typeof name !== 'string')) {
      throw badRequest('namespaces/finalize: spec.finalizers must be a list of texts');
    }
    const findings = new Findings();
    checkFinalizerNames('spec.finalizers', finalizers as string[], findings);
    if (findings.causes.length > 0) throw new StatusError(refusal(target.kind, target.name, findings.causes));
    return { ...old, spec: { ...old.spec, finalizers } };
  },
});

const scalable = (object: Obj): Scalable => object as unknown as Scalable;

/** Only `spec.replicas`, seen through `autoscaling/v1` Scale. */
const scale = (target: Target): Facet => ({
  shown: (old) => scaleOf(scalable(old)) as unknown as Obj,
  next: (old, edited) => {
    const causes = checkScale(edited);
    if (causes.length > 0) throw new StatusError(refusal(SCALE, target.name, causes));
    return admittedUpdate(target.kind, withScale(scalable(old), edited as unknown as Scale) as unknown as Obj, old);
  },
});

/** `create pods/binding`: gives a pod its node, once. */
export function bind(context: Context, request: Request, body: unknown): Observable<Status> {
  const node = nodeOf(request, body);
  const uid = isPlain(body) && isPlain(body['metadata']) ? body['metadata']['uid'] : undefined;
  const written = change(
    context,
    request,
    (pod) => ({ type: 'put', object: bound(request, pod, node, uid, context.world.now()) }),
    context.limits.retries,
  );
  return written.pipe(map(() => success()));
}

function nodeOf({ name }: Request, body: unknown): string {
  const target = isPlain(body) ? body['target'] : undefined;
  const node = isPlain(target) ? target['name'] : undefined;
  if (typeof node !== 'string' || node === '')
    throw badRequest(`binding of pod "${name}": target.name must name a node`);
  const kind = isPlain(target) ? (target['kind'] ?? 'Node') : 'Node';
  if (kind !== 'Node')
    throw badRequest(`binding of pod "${name}": target.kind must be Node, not ${quotable(JSON.stringify(kind))}`);
  const meta = isPlain(body) ? body['metadata'] : undefined;
  const named = isPlain(meta) ? (meta['name'] ?? name) : name;
  if (named !== name)
    throw badRequest(
      `the name of the object (${quotable(JSON.stringify(named))}) does not match the name on the request (${name})`,
    );
  return node;
}

function bound(request: Request, pod: Obj, node: string, uid: unknown, now: number): Obj {
  const resource = qualified(request.kind);
  const { name } = request;
  if (typeof uid === 'string' && uid !== '' && uid !== pod.metadata.uid)
    throw precondition(resource, name, 'UID', uid, pod.metadata.uid);
  if (pod.metadata.deletionTimestamp !== undefined)
    throw conflict(resource, name, `pod ${name} is being deleted, cannot be assigned to a host`);
  const assigned = pod.spec?.['nodeName'];
  if (assigned) throw conflict(resource, name, `pod ${name} is already assigned to node ${JSON.stringify(assigned)}`);
  const gates = pod.spec?.['schedulingGates'];
  if (Array.isArray(gates) && gates.length > 0)
    throw conflict(resource, name, `pod ${name} has non-empty .spec.schedulingGates`);
  const scheduled = { type: 'PodScheduled', status: 'True', lastTransitionTime: rfc3339(now) };
  return {
    ...pod,
    spec: { ...pod.spec, nodeName: node },
    status: { ...pod.status, conditions: withCondition(pod.status as PodStatus | undefined, scheduled) },
  };
}
