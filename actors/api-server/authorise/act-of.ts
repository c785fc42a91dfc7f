import { groupOf } from '../../../contracts/kinds/kind.ts';
import type { Request, Target } from '../request.ts';
import type { ResourceAct } from './rule-matches.ts';

/**
 * What doing this to an object or collection is to the authorizer, as in Kubernetes: a namespace is in itself, and an object that is
 * about to be created has no name yet. Pure.
 */
export function actOf(verb: string, target: Target & Partial<Pick<Request, 'subresource'>>): ResourceAct {
  const { kind, version, name, subresource = '' } = target;
  const group = groupOf(version.apiVersion);
  const suffix = `.${group}`;
  const named = verb === 'create' && subresource === '' ? '' : name;
  return {
    verb,
    group,
    resource: group !== '' && kind.resource.endsWith(suffix) ? kind.resource.slice(0, -suffix.length) : kind.resource,
    subresource,
    namespace: kind.resource === 'namespaces' ? named : target.namespace,
    name: named,
  };
}

/** The authorizer's verb of a request: deleting a collection has one of its own. */
export const verbOf = ({ verb, name }: Pick<Request, 'verb' | 'name'>): string =>
  verb === 'delete' && name === '' ? 'deletecollection' : verb;

/** The resource in error messages: `deployments.apps`. */
export const qualifiedResource = ({ resource, group }: Pick<ResourceAct, 'resource' | 'group'>): string =>
  group === '' ? resource : `${resource}.${group}`;
