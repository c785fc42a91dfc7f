import { isPlain } from '../../../contracts/json-values.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { nodeOfUser } from '../../../contracts/subjects/users.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { unlessRefused } from '../read/reads.ts';
import { forbidden } from '../refusals.ts';
import { qualified, type Request } from '../request.ts';
import { buildNodeReferences, stepNodeReferences } from './node-references.ts';
import { type NodeAct, type NodeFacts, refuseNode, refuseObject } from './plan-node-restriction.ts';

/**
 * Lets a request through, with a guard of the objects that it reaches, or throws a refusal now or later. Costs nothing
 * for who is no node.
 */
export type NodeGate = (request: Request) => Answer<Request>;

export function nodeGate(context: Context): NodeGate {
  const references = context.world.derived('node-references', buildNodeReferences, stepNodeReferences);
  const facts: NodeFacts = {
    refersTo: (resource, namespace, name, node) =>
      references()
        .get(storeKey(resource, namespace, name))
        ?.has(node) === true,
  };
  return (request) => {
    const node = nodeOfUser(request.caller);
    if (node === undefined) return request;
    const act = actOf(request);
    const refusal = (finding: string | undefined) =>
      finding === undefined ? undefined : forbidden(qualified(request.kind), act.name, finding);
    const guard = (object: Obj): void => {
      const found = refusal(refuseObject(node, act, object));
      if (found !== undefined) throw found;
    };
    const allowed = unlessRefused(context, () => refusal(refuseNode(node, act, facts)));
    return andThen(allowed, (): Request => ({ ...request, guard }));
  };
}

/** A creation is named by the subject or by the object alone. */
function actOf({ call, verb, kind, subresource, namespace, name }: Request): NodeAct {
  const act = { verb, resource: kind.resource, subresource, namespace, name };
  if (verb !== 'create' || kind.resource !== 'nodes') return act;
  const body = call.decode();
  const metadata = isPlain(body) && isPlain(body['metadata']) ? body['metadata'] : {};
  const labels = isPlain(metadata['labels']) ? Object.keys(metadata['labels']) : [];
  const named = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  return { ...act, name: name || named, labels };
}
