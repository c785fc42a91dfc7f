import type { PolicyRule } from '../../../contracts/kinds/kinds.ts';
import { namesOf, pathCovers } from './rule-matches.ts';
import type { UserInfo } from './user-info.ts';

/* Kubernetes' check that nobody gives away rights that he does not have himself. */

const ALL = '*';
const has = (list: readonly string[] | undefined, value: string): boolean => list?.includes(value) === true;
const hasOrAll = (list: readonly string[] | undefined, value: string): boolean => has(list, value) || has(list, ALL);

/** A rule for one verb on one resource (of one name) or one path. */
interface SingleRule extends PolicyRule {
  readonly verbs: [string];
}

/** A rule as rules for single things. */
function singles({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) {
  const names: readonly (string | undefined)[] = resourceNames.length === 0 ? [undefined] : resourceNames;
  const onResources = apiGroups.flatMap((group) =>
    resources.flatMap((resource) =>
      verbs.flatMap((verb) =>
        names.map(
          (name): SingleRule => ({
            verbs: [verb],
            apiGroups: [group],
            resources: [resource],
            ...(name === undefined ? {} : { resourceNames: [name] }),
          }),
        ),
      ),
    ),
  );
  const onPaths = nonResourceURLs.flatMap((path) =>
    verbs.map((verb): SingleRule => ({ verbs: [verb], nonResourceURLs: [path] })),
  );
  return [...onResources, ...onPaths];
}

function coversSingle(owned: PolicyRule, asked: SingleRule): boolean {
  if (!hasOrAll(owned.verbs, asked.verbs[0])) return false;
  const [path] = asked.nonResourceURLs ?? [];
  if (path !== undefined) return (owned.nonResourceURLs ?? []).some((pattern) => pathCovers(pattern, path));
  const [group = ''] = asked.apiGroups ?? [];
  const [resource = ''] = asked.resources ?? [];
  if (!hasOrAll(owned.apiGroups, group)) return false;
  const slash = resource.indexOf('/');
  if (!hasOrAll(owned.resources, resource) && (slash < 0 || !has(owned.resources, `*${resource.slice(slash)}`)))
    return false;
  const [name] = asked.resourceNames ?? [];
  const limit = namesOf(owned);
  return limit === undefined || (name !== undefined && limit.includes(name));
}

/** Rules of one resource (and name) as one rule with all their verbs. */
function compacted(rules: readonly SingleRule[]): readonly PolicyRule[] {
  const byThing = new Map<string, PolicyRule>();
  for (const { verbs, ...thing } of rules) {
    const key = JSON.stringify(thing);
    const known = byThing.get(key);
    if (known === undefined) byThing.set(key, { ...thing, verbs: [...verbs] });
    else if (!known.verbs.includes(verbs[0])) known.verbs.push(verbs[0]);
  }
  return [...byThing.values()];
}

const quoted = (list: readonly string[]): string => `[${list.map((one) => JSON.stringify(one)).join(' ')}]`;

function ruleText(rule: PolicyRule): string {
  const parts = [
    ['APIGroups', rule.apiGroups],
    ['Resources', rule.resources],
    ['NonResourceURLs', rule.nonResourceURLs],
    ['ResourceNames', rule.resourceNames],
    ['Verbs', rule.verbs],
  ] as const;
  const told = parts.flatMap(([name, list = []]) => (list.length === 0 ? [] : [`${name}:${quoted(list)}`]));
  return `{${told.join(', ')}}`;
}

/** Single rules that one role may come to; far more than any real role has, and checked in a moment. */
const SINGLES_MAX = 20_000;

const countOf = ({ verbs, apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] }: PolicyRule) =>
  verbs.length * (apiGroups.length * resources.length * Math.max(1, resourceNames.length) + nonResourceURLs.length);

/** The rules of `asked` that `owned` does not cover; `[]` = all are covered. Pure. */
export const missingRules = (owned: readonly PolicyRule[], asked: readonly PolicyRule[]): readonly PolicyRule[] =>
  compacted(asked.flatMap(singles).filter((single) => !owned.some((rule) => coversSingle(rule, single))));

/** Why a user may not give these rules to others; `undefined` when it may: it has them itself. Pure. */
export function refuseEscalation(
  user: UserInfo,
  owned: readonly PolicyRule[],
  asked: readonly PolicyRule[],
): string | undefined {
  const count = asked.reduce((sum, rule) => sum + countOf(rule), 0);
  if (count > SINGLES_MAX)
    return `the rules name ${count} combinations of verb, group, resource and name; at most ${SINGLES_MAX} can be checked: use fewer, or "*"`;
  const missing = missingRules(owned, asked);
  if (missing.length === 0) return undefined;
  const lines = [...new Set(missing.map(ruleText))].sort().join('\n');
  return `user ${JSON.stringify(user.name)} (groups=${quoted(user.groups)}) is attempting to grant RBAC permissions not currently held:\n${lines}`;
}
