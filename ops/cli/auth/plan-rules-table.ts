import type { SubjectRulesReviewStatus } from '../../../contracts/kinds/kinds.ts';

const listed = (list: readonly string[] = []): string => `[${list.join(' ')}]`;

interface Line {
  readonly resource: string;
  readonly urls: string;
  readonly names: string;
  readonly verbs: string[];
}

/** The rows of `auth can-i --list`, as kubectl prints them: one for each resource, name or path, with all its verbs. Pure. */
export function planRulesTable({ resourceRules, nonResourceRules }: SubjectRulesReviewStatus): readonly string[][] {
  const lines = new Map<string, Line>();
  const add = (resource: string, urls: string, names: string, verbs: readonly string[]): void => {
    const key = JSON.stringify([resource, urls, names]);
    const line = lines.get(key) ?? { resource, urls, names, verbs: [] };
    line.verbs.push(...verbs.filter((verb) => !line.verbs.includes(verb)));
    lines.set(key, line);
  };
  for (const { verbs, apiGroups = [], resources = [], resourceNames = [] } of resourceRules)
    for (const group of apiGroups)
      for (const resource of resources)
        for (const name of resourceNames.length === 0 ? [undefined] : resourceNames)
          add(group === '' ? resource : `${resource}.${group}`, '[]', listed(name === undefined ? [] : [name]), verbs);
  for (const { verbs, nonResourceURLs = [] } of nonResourceRules)
    for (const url of nonResourceURLs) add('', listed([url]), '[]', verbs);
  const order = ({ resource, urls, names }: Line): string => `${resource === '' ? '~' : resource} ${urls} ${names}`;
  const sorted = [...lines.values()].sort((a, b) => (order(a) < order(b) ? -1 : 1));
  return sorted.map(({ resource, urls, names, verbs }) => [resource, urls, names, listed(verbs)]);
}
