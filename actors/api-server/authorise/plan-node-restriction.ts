import type { Obj } from '../object.ts';

/** A node's request; `name` is that of the subject or, if it has none, of the object. */
export interface NodeAct {
  readonly verb: string;
  readonly resource: string;
  /** Empty: the object itself. */
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
  /** Names of the labels of a Node to create. */
  readonly labels?: readonly string[];
}

/** What the decision needs to know of the cluster. */
export interface NodeFacts {
  /** Resources of which every node has a view. */
  readonly viewed: ReadonlySet<string>;
  /** Whether a pod that is bound to the node refers to this ConfigMap or Secret. */
  readonly refersTo: (resource: string, namespace: string, name: string, node: string) => boolean;
}

/** Labels that isolate nodes; only administrators may set them. */
const RESTRICTED_LABEL = /(^|\.)node-restriction\.kubernetes\.io\//;

const whatOf = ({ verb, resource, subresource }: NodeAct): string =>
  `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;

/**
 * Authorises a node's request, as Kubernetes' node authorizer and NodeRestriction: a node may read what its pods refer to,
 * list what every node has a view of, update the status of its pods and of its Node, delete its pods, create its Node and
 * create events. Whether a pod is its own is checked by `refuseObject`. Pure.
 * @returns why the request is forbidden; `undefined` when it is allowed
 */
export function refuseNode(node: string, act: NodeAct, facts: NodeFacts): string | undefined {
  const { verb, resource, subresource, namespace, name } = act;
  const what = whatOf(act);
  const never = `node "${node}" may not ${what}`;
  const onStatus = subresource === 'status' && ['get', 'update', 'patch'].includes(verb);
  const onObject = (...verbs: readonly string[]): boolean => subresource === '' && verbs.includes(verb);
  if (facts.viewed.has(resource) && onObject('list') && name === '') return undefined;
  switch (resource) {
    case 'nodes': {
      if (!onStatus && !onObject('get', 'create')) return never;
      if (name !== node) return `node "${node}" may ${what} only for itself, not for "${name}"`;
      const label = act.labels?.find((each) => RESTRICTED_LABEL.test(each));
      return label === undefined ? undefined : `node "${node}" may not set the label ${label}`;
    }
    case 'pods':
      if (!onStatus && !onObject('get', 'delete')) return never;
      return name === '' ? `${never} as a collection` : undefined;
    case 'configmaps':
    case 'secrets':
      if (!onObject('get')) return never;
      return facts.refersTo(resource, namespace, name, node)
        ? undefined
        : `no relationship found between node "${node}" and this object: no pod bound to the node refers to it`;
    case 'events':
      return onObject('create', 'update', 'patch') ? undefined : never;
    default:
      return never;
  }
}

/**
 * Authorises the object of a node's request: a node may not access a pod that is not bound to it. Pure.
 * @param object the version that is returned, or that the write replaces
 * @returns why the request is forbidden; `undefined` when it is allowed
 */
export function refuseObject(node: string, act: NodeAct, object: Obj): string | undefined {
  if (act.resource !== 'pods' || object.spec?.['nodeName'] === node) return undefined;
  return `node "${node}" may ${whatOf(act)} only for pods bound to it`;
}
