import type { Obj } from '../object.ts';

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
  /** Does a pod that is bound to this node refer to this ConfigMap or Secret? */
  readonly refersTo: (resource: string, namespace: string, name: string, node: string) => boolean;
}

/** Labels by which an administrator sets nodes apart; a node must not give itself one. */
const SET_APART = /(^|\.)node-restriction\.kubernetes\.io\//;

const whatOf = ({ verb, resource, subresource }: NodeAct): string =>
  `${verb} ${resource}${subresource === '' ? '' : `/${subresource}`}`;

/**
 * What a node may not do, as Kubernetes' node authorizer and NodeRestriction have it: it reads what its own pods refer
 * to, changes the status of its own pods and of itself, removes its own pods, makes itself known and tells events. Whose a
 * pod is, `refuseObject` tells. Pure.
 * @returns the finding, for a refusal; `undefined` when it may
 */
export function refuseNode(node: string, act: NodeAct, facts: NodeFacts): string | undefined {
  const { verb, resource, subresource, namespace, name } = act;
  const what = whatOf(act);
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
    case 'pods':
      if (!onStatus && !onObject('get', 'delete')) return never;
      return name === '' ? `${never} but one by one` : undefined;
    case 'configmaps':
    case 'secrets':
      if (!onObject('get')) return never;
      return facts.refersTo(resource, namespace, name, node)
        ? undefined
        : `no relationship found between node "${node}" and this object: no pod bound to it refers to it`;
    case 'events':
      return onObject('create', 'update', 'patch') ? undefined : never;
    default:
      return never;
  }
}

/**
 * What of an object that it may ask for a node may not: a pod that is bound to another, or to none. Pure.
 * @param object the very one that is shown, or that the write replaces
 * @returns the finding, for a refusal; `undefined` when it may
 */
export function refuseObject(node: string, act: NodeAct, object: Obj): string | undefined {
  if (act.resource !== 'pods' || object.spec?.['nodeName'] === node) return undefined;
  return `node "${node}" may ${whatOf(act)} only of pods bound to it`;
}
