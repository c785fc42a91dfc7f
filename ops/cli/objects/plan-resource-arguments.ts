import { didYouMean } from '../../../contracts/did-you-mean.ts';
import type { Served } from '../../../contracts/kinds/registry.ts';
import { isKubernetesKind } from '../shared/plan-kubectl-hints.ts';

/** A kind as the command line uses it. */
export interface ResourceInfo {
  /** As in subjects: the plural, with the group after a dot for custom kinds. */
  readonly resource: string;
  readonly plural: string;
  readonly singular: string;
  readonly kind: string;
  /** Empty for the core group. */
  readonly group: string;
  readonly apiVersion: string;
  readonly shortNames: readonly string[];
  /** Names for groups of kinds: `all`. */
  readonly categories: readonly string[];
  readonly namespaced: boolean;
  readonly served?: Served;
}

/** A kind and, if given, the names. */
export interface ResourceTarget {
  readonly resource: ResourceInfo;
  /** Absent: all of the kind. */
  readonly names?: readonly string[];
}

export type ResourceParse =
  | { readonly targets: readonly ResourceTarget[] }
  /** One line: the error and the remedy. */
  | { readonly problem: string };

/**
 * Parses the arguments after a verb as kubectl does: `pods`, `po web-1 web-2`, `deploy/web rs/web-1`, `pods,deploy`, `all`,
 * `deployments.apps`.
 */
export function parseResourceArguments(args: readonly string[], known: readonly ResourceInfo[]): ResourceParse {
  const [first, ...rest] = args;
  if (first === undefined || first === '') {
    return { problem: 'no resource was named; name one, such as pods, deployments or deploy/web' };
  }
  if (args.some((arg) => arg.includes('/'))) return parseSlashed(args, known);
  // To the api-server an empty name means all objects; an unset variable in a script must not have that effect.
  if (rest.includes(''))
    return { problem: `a name after "${first}" is empty; leave it out, or check the variable that should hold it` };
  const resources = new Set<ResourceInfo>();
  for (const word of first.split(',').filter((part) => part !== '')) {
    const found = findResource(word, known);
    const group = found === undefined ? known.filter(({ categories }) => categories.includes(word)) : [found];
    if (group.length === 0) return { problem: unknown(word, known) };
    for (const resource of group) resources.add(resource);
  }
  const [one] = resources;
  if (resources.size > 1 && rest.length > 0) {
    return {
      problem: `"${first}" names several kinds, so each name needs its kind: write ${one?.plural}/${rest[0]}`,
    };
  }
  return {
    targets: [...resources].map((resource) =>
      rest.length === 0 ? { resource } : { resource, names: [...new Set(rest)] },
    ),
  };
}

function parseSlashed(args: readonly string[], known: readonly ResourceInfo[]): ResourceParse {
  const named = new Map<ResourceInfo, string[]>();
  for (const arg of args) {
    const [word, name, ...more] = arg.split('/');
    if (word === undefined || word === '' || name === undefined || name === '' || more.length > 0) {
      return {
        problem: `"${arg}" is not <kind>/<name>; write all arguments like pod/web-1, or the kind once: pods web-1 web-2`,
      };
    }
    const resource = findResource(word, known);
    if (resource === undefined) return { problem: unknown(word, known) };
    const names = named.get(resource) ?? [];
    if (!names.includes(name)) names.push(name);
    named.set(resource, names);
  }
  return { targets: [...named].map(([resource, names]) => ({ resource, names })) };
}

/** Finds a kind by plural, singular, kind or short name, case-insensitively; with an optional group, or version and group, after a dot. */
export function findResource(word: string, known: readonly ResourceInfo[]): ResourceInfo | undefined {
  const wanted = word.toLowerCase();
  const exact = known.find((resource) => namesOf(resource).includes(wanted));
  if (exact !== undefined || !wanted.includes('.')) return exact;
  const dot = wanted.indexOf('.');
  const [base, suffix] = [wanted.slice(0, dot), wanted.slice(dot + 1)];
  return known.find((resource) => namesOf(resource).includes(base) && groupSuffixes(resource).includes(suffix));
}

const namesOf = (resource: ResourceInfo): string[] => [
  resource.resource.toLowerCase(),
  resource.plural,
  resource.singular,
  resource.kind.toLowerCase(),
  ...resource.shortNames,
];

function groupSuffixes({ group, apiVersion }: ResourceInfo): string[] {
  const version = apiVersion.slice(apiVersion.indexOf('/') + 1);
  return group === '' ? [version, `${version}.`] : [group, `${version}.${group}`];
}

function unknown(word: string, known: readonly ResourceInfo[]): string {
  const all = [...new Set(known.map(({ plural }) => plural))].toSorted();
  const words = known.flatMap(({ plural, singular, shortNames }) => [plural, singular, ...shortNames]);
  return noSuchKind(word, words, all);
}

/** @param words candidates for a suggestion  @param all listed when no candidate is similar */
export function noSuchKind(word: string, words: readonly string[], all: readonly string[]): string {
  const isYetToCome = isKubernetesKind(word);
  const wayOut = didYouMean(word, isYetToCome ? [] : words, all);
  return `there is no kind "${word}"${isYetToCome ? ' yet' : ''}; ${wayOut}`;
}

/** `pod/web-1`, `deployment.apps/web`: the name of an object in output. */
export const qualifiedName = (resource: ResourceInfo, name: string): string => `${qualifier(resource)}/${name}`;

/** `pod`, `deployment.apps`. */
export const qualifier = ({ singular, group }: ResourceInfo): string =>
  group === '' ? singular : `${singular}.${group}`;
