import { MASTERS } from '../../../contracts/kinds/rbac/groups.ts';
import { namesOf, type PathAct, type ResourceAct, ruleAllows, ruleAllowsPath, ruleConcerns } from './rule-matches.ts';
import { type Grant, grantsOf, grantText, type Roles, rulesFor } from './rule-resolution.ts';
import type { UserInfo } from './user-info.ts';

export const isMaster = ({ groups }: UserInfo): boolean => groups.includes(MASTERS);

/** Of which objects a user may do something: of all of a namespace, or of those with these names. */
export interface Allowed {
  readonly all: boolean;
  readonly names: ReadonlySet<string>;
}

/** What a user may do, whatever the object's name; so that one answer serves all objects of a namespace. Pure. */
export function planAllowed(roles: Roles, user: UserInfo, act: ResourceAct): Allowed {
  const rules = rulesFor(roles, user, act.namespace).filter((rule) => ruleConcerns(rule, act));
  const named = rules.map(namesOf);
  return { all: named.includes(undefined), names: new Set(named.flatMap((names) => names ?? [])) };
}

export const allows = ({ all, names }: Allowed, name: string): boolean => all || names.has(name);

/** Why a user may do something; `undefined` when it may not. Pure. */
export function planReason(roles: Roles, user: UserInfo, act: ResourceAct | PathAct): string | undefined {
  if (isMaster(user)) return '';
  const namespace = 'path' in act ? '' : act.namespace;
  const gives = ({ rules }: Grant): boolean =>
    rules.some((rule) => ('path' in act ? ruleAllowsPath(rule, act) : ruleAllows(rule, act)));
  const grant = grantsOf(roles, user, namespace).find(gives);
  return grant === undefined ? undefined : grantText(grant);
}

/** Kubernetes' words for a refusal. */
export function refusalText({ name }: UserInfo, act: ResourceAct): string {
  const { verb, group, resource, subresource, namespace } = act;
  const what = subresource === '' ? resource : `${resource}/${subresource}`;
  const where = namespace === '' ? 'at the cluster scope' : `in the namespace ${JSON.stringify(namespace)}`;
  return `User ${JSON.stringify(name)} cannot ${verb} resource ${JSON.stringify(what)} in API group ${JSON.stringify(group)} ${where}`;
}
