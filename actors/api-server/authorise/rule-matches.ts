import type { PolicyRule } from '../../../contracts/kinds/kinds.ts';

/** What a request is about, as Kubernetes' authorizer sees it. */
export interface ResourceAct {
  readonly verb: string;
  readonly group: string;
  /** Plural, without group and subresource. */
  readonly resource: string;
  /** Empty: the object itself. */
  readonly subresource: string;
  /** Empty: all namespaces, or a kind without namespaces. */
  readonly namespace: string;
  /** Empty: a collection, or an object that is about to be created. */
  readonly name: string;
}

/** A request for a path that is no resource: `get /version`. */
export interface PathAct {
  readonly verb: string;
  readonly path: string;
}

const ALL = '*';
const NONE: readonly string[] = [];

const includes = (list: readonly string[] | undefined, value: string): boolean =>
  list !== undefined && (list.includes(value) || list.includes(ALL));

/** Do the resources of a rule name this one? All are named by "*", a subresource of all by "*" and its name. */
function coversResource(resources: readonly string[], { resource, subresource }: ResourceAct): boolean {
  if (resources.includes(ALL)) return true;
  if (subresource === '') return resources.includes(resource);
  return resources.includes(`${resource}/${subresource}`) || resources.includes(`*/${subresource}`);
}

/** Does the rule allow this, apart from the names that it is limited to? */
export const ruleConcerns = (rule: PolicyRule, act: ResourceAct): boolean =>
  includes(rule.verbs, act.verb) && includes(rule.apiGroups, act.group) && coversResource(rule.resources ?? NONE, act);

/** The names that a rule is limited to; `undefined` = none, so that it holds for all. */
export const namesOf = ({ resourceNames }: PolicyRule): readonly string[] | undefined =>
  resourceNames === undefined || resourceNames.length === 0 ? undefined : resourceNames;

export function ruleAllows(rule: PolicyRule, act: ResourceAct): boolean {
  return ruleConcerns(rule, act) && (namesOf(rule)?.includes(act.name) ?? true);
}

/** `*` at the end of a path stands for everything that begins so. */
export const pathCovers = (pattern: string, path: string): boolean =>
  pattern === path || (pattern.endsWith(ALL) && path.startsWith(pattern.replace(/\*+$/, '')));

export const ruleAllowsPath = (rule: PolicyRule, { verb, path }: PathAct): boolean =>
  includes(rule.verbs, verb) && (rule.nonResourceURLs ?? NONE).some((pattern) => pathCovers(pattern, path));
