import type { Observable } from 'rxjs';
import { map } from 'rxjs/operators';
import { type Status, success } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import type { PodStatus } from '../../../contracts/kinds/kinds.ts';
import { withCondition } from '../../../contracts/kinds/meta/conditions.ts';
import { quotable } from '../../../contracts/printable.ts';
import { rfc3339 } from '../../../contracts/time/rfc3339.ts';
import { badRequest, conflict, precondition } from '../api-errors.ts';
import type { Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { qualified, type Request } from '../request.ts';
import { readModifyWrite, type WritePlan } from './read-modify-write.ts';

/** `create pods/binding`: sets a pod's `spec.nodeName`; a bound pod is never bound again. */
export function bindPod(context: Context, request: Request, body: unknown): Observable<Status> {
  const node = nodeOf(request, body);
  const uid = isPlain(body) && isPlain(body['metadata']) ? body['metadata']['uid'] : undefined;
  const plan = (pod: Obj): WritePlan => ({ type: 'put', object: bound(request, pod, node, uid, context.world.now()) });
  const written = readModifyWrite(context, request, plan, context.limits.retries);
  return written.pipe(map(() => success()));
}

/** The node that a Binding names. @throws StatusError BadRequest */
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

/** The pod with its node. @throws StatusError Conflict */
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
