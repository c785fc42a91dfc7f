import { groupOf, type Kind } from '../../../contracts/kinds/kind.ts';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import { KINDS, SERVED, type Served, servedAs, servedVersions } from '../../../contracts/kinds/registry.ts';
import { UsageError } from '../shared/errors.ts';
import {
  findResource,
  noSuchKind,
  parseResourceArguments,
  type ResourceInfo,
  type ResourceTarget,
} from './plan-resource-arguments.ts';

/** All kinds; a kind that is also served in another group has an entry for that group too. */
const RESOURCES: readonly ResourceInfo[] = SERVED.filter(
  ({ kind, version: { apiVersion } }) => apiVersion === kind.storageVersion || groupOf(apiVersion) !== kind.group,
).map(infoOf);

function infoOf({ kind, version: { apiVersion } }: Served): ResourceInfo {
  const group = groupOf(apiVersion);
  return {
    resource: group === kind.group ? kind.resource : `${kind.resource}.${group}`,
    plural: kind.resource,
    singular: kind.singular,
    kind: kind.kind,
    group,
    apiVersion,
    shortNames: kind.shortNames,
    categories: kind.categories,
    namespaced: kind.namespaced,
  };
}

/** Is the word a name of a kind? */
export const isResource = (word: string): boolean => findResource(word, RESOURCES) !== undefined;

/** The kind that a word names: plural, singular or a short name. */
export const resourceNamed = (word: string): ResourceInfo | undefined => findResource(word, RESOURCES);

/** @throws UsageError */
export function resourceTargets(args: readonly string[]): readonly ResourceTarget[] {
  const parsed = parseResourceArguments(args, RESOURCES);
  if ('problem' in parsed) throw new UsageError(parsed.problem);
  return parsed.targets;
}

const servedOf = ({ kind, apiVersion }: ResourceInfo): Partial<Served> => servedAs(apiVersion, kind) ?? {};

export const hasScale = (resource: ResourceInfo): boolean =>
  servedOf(resource).kind?.subresources.includes('scale') === true;

export function columnsOf(resource: ResourceInfo): Kind['columns'] {
  const { kind, version } = servedOf(resource);
  const columns = kind?.columns ?? [];
  if (version?.toStorage === undefined) return columns;
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
): ResourceInfo {
  const { apiVersion, kind } = object;
  const served = servedAs(apiVersion, kind);
  if (served !== undefined) return infoOf(served);
  const versions = servedVersions(kind);
  if (versions.length > 0)
    throw new UsageError(`${at}: ${kind} is not served in ${apiVersion}; write apiVersion: ${versions.join(' or ')}`);
  const all = KINDS.map((known) => known.kind).toSorted();
  throw new UsageError(`${at}: ${noSuchKind(kind, all, all)}`);
}
