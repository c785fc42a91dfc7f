import { isPlain } from '../../../contracts/json-values.ts';
import { storeKey } from '../../../contracts/store/keys.ts';
import { nodeOfUser } from '../../../contracts/subjects/users.ts';
import { forbidden } from '../api-errors.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { checkAgainstView } from '../read/get-and-list.ts';
import { qualified, type Request } from '../request.ts';
import { buildNodeReferences, stepNodeReferences } from './node-references.ts';
import { type NodeAct, type NodeFacts, refuseNode, refuseObject } from './plan-node-restriction.ts';

/**
 * Authorises a request of a node: returns it with a guard for the objects that it accesses, or rejects it by throwing or
 * by the observable's error. Requests of other users are returned as they are.
 */
export type NodeAuthorizer = (request: Request) => Answer<Request>;

/** @param viewed resources of which every node has a view */
export function nodeAuthorizer(context: Context, viewed: readonly string[]): NodeAuthorizer {
  const references = context.world.derived('node-references', buildNodeReferences, stepNodeReferences);
  const facts: NodeFacts = {
    viewed: new Set(viewed),
    refersTo: (resource, namespace, name, node) =>
      references()
        .get(storeKey(resource, namespace, name))
        ?.has(node) === true,
  };
  return (request) => {
    const node = nodeOfUser(request.caller);
    if (node === undefined) return request;
    const act = actOf(request);
    const rejection = (finding: string | undefined) =>
      finding === undefined ? undefined : forbidden(qualified(request.kind), act.name, finding);
    const guard = (object: Obj): void => {
      const found = rejection(refuseObject(node, act, object));
      if (found !== undefined) throw found;
    };
    const allowed = checkAgainstView(context, () => rejection(refuseNode(node, act, facts)));
    return andThen(allowed, (): Request => ({ ...request, guard }));
  };
}

/** The name of an object to create is in the subject or only in the object. */
function actOf({ call, verb, kind, subresource, namespace, name }: Request): NodeAct {
  const act = { verb, resource: kind.resource, subresource, namespace, name };
  if (verb !== 'create' || kind.resource !== 'nodes') return act;
  const body = call.decode();
  const metadata = isPlain(body) && isPlain(body['metadata']) ? body['metadata'] : {};
  const labels = isPlain(metadata['labels']) ? Object.keys(metadata['labels']) : [];
  const named = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  return { ...act, name: name || named, labels };
}
