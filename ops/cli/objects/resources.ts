import { groupOf, type Kind } from '../../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { BUILT_IN, type KindRegistry, type Served } from '../../../contracts/kinds/registry.ts';
import { UsageError } from '../shared/errors.ts';
import {
  findResource,
  noSuchKind,
  parseResourceArguments,
  type ResourceInfo,
  type ResourceTarget,
} from './plan-resource-arguments.ts';

/** Every kind in every version, the preferred version first. */
const resourcesOf = ({ served }: KindRegistry): readonly ResourceInfo[] =>
  served.map((one, at) => infoOf(one, served.findIndex(({ kind }) => kind === one.kind) === at));

/** @param preferred is it the version that a name without a version means? */
function infoOf(served: Served, preferred: boolean): ResourceInfo {
  const { kind, version } = served;
  const [plural = ''] = kind.resource.split('.', 1);
  const group = groupOf(version.apiVersion);
  const named = group === kind.group ? version.apiVersion.slice(group.length + 1) : '';
  const other = [plural, named, group].filter((part) => part !== '').join('.');
  return {
    resource: preferred ? kind.resource : other,
    plural,
    singular: kind.singular,
    kind: kind.kind,
    group,
    apiVersion: version.apiVersion,
    shortNames: kind.shortNames,
    categories: preferred ? kind.categories : [],
    namespaced: kind.namespaced,
    served,
  };
}

/** Is the word a name of a kind? */
export const isResource = (word: string, kinds = BUILT_IN): boolean =>
  findResource(word, resourcesOf(kinds)) !== undefined;

/** Problems of the arguments that do not depend on the kinds of the cluster. @throws UsageError */
export function checkArguments(args: readonly string[]): void {
  const parsed = parseResourceArguments(args, resourcesOf(BUILT_IN));
  if ('problem' in parsed && !parsed.problem.startsWith('there is no kind')) throw new UsageError(parsed.problem);
}

/** The kind that a word names: plural, singular or a short name. */
export const resourceNamed = (word: string): ResourceInfo | undefined => findResource(word, resourcesOf(BUILT_IN));

/** @throws UsageError */
export function resourceTargets(args: readonly string[], kinds = BUILT_IN): readonly ResourceTarget[] {
  const parsed = parseResourceArguments(args, resourcesOf(kinds));
  if ('problem' in parsed) throw new UsageError(parsed.problem);
  return parsed.targets;
}

const servedOf = ({ served }: ResourceInfo): Partial<Served> => served ?? {};

export const hasScale = (resource: ResourceInfo): boolean =>
  servedOf(resource).kind?.subresources.includes('scale') === true;

export function columnsOf(resource: ResourceInfo): Kind['columns'] {
  const { kind, version } = servedOf(resource);
  const columns = version?.columns ?? kind?.columns ?? [];
  if (version?.toStorage === undefined || version.columns !== undefined) return columns;
  // Columns read the stored version.
  const stored = version.toStorage.bind(version);
  return columns.map((column) => ({ ...column, value: (object, now) => column.value(stored(object), now) }));
}

/** The order of a table: events by when they were last seen, other objects as they came. */
export function inTableOrder(resource: ResourceInfo, objects: readonly KubeObject[]): readonly KubeObject[] {
  const { kind, version } = servedOf(resource);
  const tableOrder = kind?.tableOrder;
  if (tableOrder === undefined) return objects;
  const placed = objects.map((object) => ({ object, at: tableOrder(version?.toStorage?.(object) ?? object) }));
  return placed.toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).map(({ object }) => object);
}

/**
 * The resource of an object in a manifest.
 * @param at its position: `web.yaml:3`
 * @throws UsageError for a kind or version that is not served
 */
export function resourceOfObject(
  object: { readonly apiVersion: string; readonly kind: string },
  at: string,
  kinds = BUILT_IN,
): ResourceInfo {
  const { apiVersion, kind } = object;
  const served = kinds.servedAs(apiVersion, kind);
  if (served !== undefined) return infoOf(served, kinds.served.find(({ kind: of }) => of === served.kind) === served);
  const versions = kinds.servedVersions(kind);
  if (versions.length > 0)
    throw new UsageError(`${at}: ${kind} is not served in ${apiVersion}; write apiVersion: ${versions.join(' or ')}`);
  const all = kinds.kinds.map((known) => known.kind).toSorted();
  throw new UsageError(`${at}: ${noSuchKind(kind, all, all)}`);
}
