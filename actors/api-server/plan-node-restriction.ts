/** What a node asks for; `name` as the subject or, where that gives none, the object says it. */
export interface NodeAct {
  readonly verb: string;
  readonly resource: string;
  /** Empty: the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Names of the labels of a node that is to be created. */
  readonly labels?: readonly string[];
}

/** What the decision rests on. */
export interface NodeFacts {
  /** Node that a pod is bound to; empty when it is bound to none; `undefined` when there is no such pod. */
  readonly boundTo: (namespace: string, pod: string) => string | undefined;
  /** Does a pod that is bound to this node refer to this ConfigMap or Secret? */
  readonly refersTo: (resource: string, namespace: string, name: string) => boolean;
}

/** Labels by which an administrator sets nodes apart; a node must not give itself one. */
const SET_APART = /(^|\.)node-restriction\.kubernetes\.io\//;

/**
 * What a node may not do, as Kubernetes' node authorizer and NodeRestriction have it: it reads what its own pods refer
 * to, changes the status of its own pods and of itself, removes its own pods, makes itself known and tells events. Pure.
 * @returns the finding, for a refusal; `undefined` when it may
 */
export function refuseNode(node: string, act: NodeAct, facts: NodeFacts): string | undefined {
  const { verb, resource, subresource, namespace, name } = act;
  const what = `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;
  const never = `node "${node}" may not ${what}`;
  const onStatus = subresource === 'status' && ['get', 'update', 'patch'].includes(verb);
  const onObject = (...verbs: readonly string[]): boolean => subresource === '' && verbs.includes(verb);
  switch (resource) {
    case 'nodes': {
      if (!onStatus && !onObject('get', 'create')) return never;
      if (name !== node) return `node "${node}" may ${what} itself alone, not "${name}"`;
      const label = act.labels?.find((each) => SET_APART.test(each));
      return label === undefined ? undefined : `node "${node}" may not set the label ${label}`;
    }
    case 'pods': {
      if (!onStatus && !onObject('get', 'delete')) return never;
      if (name === '') return `${never} but one by one`;
      const bound = facts.boundTo(namespace, name);
      // What is not there is not found: that tells nothing, and a node must learn that its pod is gone.
      return bound === undefined || bound === node ? undefined : `node "${node}" may ${what} only of pods bound to it`;
    }
    case 'configmaps':
    case 'secrets':
      if (!onObject('get')) return never;
      return facts.refersTo(resource, namespace, name)
        ? undefined
        : `no relationship found between node "${node}" and this object: no pod bound to it refers to it`;
    case 'events':
      return onObject('create', 'update', 'patch') ? undefined : never;
    default:
      return never;
  }
}
