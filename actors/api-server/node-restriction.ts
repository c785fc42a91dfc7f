import type { Pod } from '../../contracts/kinds/kinds.ts';
import { storeKey } from '../../contracts/store/keys.ts';
import { nodeOfUser } from '../../contracts/subjects/users.ts';
import type { Answer, Context } from './context.ts';
import { buildNodeReferences, stepNodeReferences } from './node-references.ts';
import { isRecord } from './object.ts';
import { type NodeAct, type NodeFacts, refuseNode } from './plan-node-restriction.ts';
import { forbidden, notFound } from './refusals.ts';
import { qualified, type Request } from './request.ts';

/** Lets a request through, or throws a refusal now or later. Costs nothing for who is no node. */
export type NodeGate = (request: Request) => Answer<true>;

export function nodeGate(context: Context): NodeGate {
  const { view } = context.world;
  const references = context.world.derived('node-references', buildNodeReferences, stepNodeReferences);
  return (request) => {
    const node = nodeOfUser(request.caller);
    if (node === undefined) return true;
    const facts: NodeFacts = {
      boundTo: (namespace, name) => {
        const pod = view.get('pods', namespace, name) as Pod | undefined;
        return pod === undefined ? undefined : (pod.spec?.nodeName ?? '');
      },
      refersTo: (resource, namespace, name) =>
        references()
          .get(storeKey(resource, namespace, name))
          ?.has(node) === true,
    };
    const act = actOf(request);
    const isAbsent = (): boolean => act.resource === 'pods' && facts.boundTo(act.namespace, act.name) === undefined;
    if (refuseNode(node, act, facts) === undefined && !isAbsent()) return true;
    // Another api-server may have bound the pod a moment ago: only a view that has everything may refuse.
    return context.fresh((): true => {
      const finding = refuseNode(node, act, facts);
      if (finding !== undefined) throw forbidden(qualified(request.kind), act.name, finding);
      // Told here, since by the time at which the request looks again somebody may have made it, for another node.
      if (isAbsent()) throw notFound(qualified(request.kind), act.name);
      return true;
    });
  };
}

/** A creation is named by the subject or by the object alone. */
function actOf({ call, verb, kind, subresource, namespace, name }: Request): NodeAct {
  const act = { verb, resource: kind.resource, subresource, namespace, name };
  if (verb !== 'create' || kind.resource !== 'nodes') return act;
  const body = call.decode();
  const metadata = isRecord(body) && isRecord(body['metadata']) ? body['metadata'] : {};
  const labels = isRecord(metadata['labels']) ? Object.keys(metadata['labels']) : [];
  const named = typeof metadata['name'] === 'string' ? metadata['name'] : '';
  return { ...act, name: name || named, labels };
}
