import type { Kind } from '../../contracts/kinds/kind.ts';
import { KINDS } from '../../contracts/kinds/registry.ts';
import { closest } from './closest.ts';
import { UsageError } from './errors.ts';
import {
  findResource,
  parseResourceArguments,
  type ResourceInfo,
  type ResourceTarget,
} from './plan-resource-arguments.ts';

/** Every kind as the command line names it. */
const RESOURCES: readonly ResourceInfo[] = KINDS.map(infoOf);

function infoOf(kind: Kind): ResourceInfo {
  return {
    resource: kind.resource,
    plural: kind.resource,
    singular: kind.singular,
    kind: kind.kind,
    group: kind.group,
    apiVersion: kind.storageVersion,
    shortNames: kind.shortNames,
    categories: kind.categories,
    namespaced: kind.namespaced,
  };
}

/** Does a word stand for a kind? */
export const isResource = (word: string): boolean => findResource(word, RESOURCES) !== undefined;

/** @throws UsageError */
export function resourceTargets(args: readonly string[]): readonly ResourceTarget[] {
  const parsed = parseResourceArguments(args, RESOURCES, closest);
  if ('problem' in parsed) throw new UsageError(parsed.problem);
  return parsed.targets;
}

export function columnsOf(resource: ResourceInfo): Kind['columns'] {
  return KINDS.find((kind) => kind.resource === resource.resource)?.columns ?? [];
}

/**
 * Which resource an object of a manifest belongs to.
 * @param at where it stands: `web.yaml:3`
 * @throws UsageError for a kind or version that is not served
 */
export function resourceOfObject(
  object: { readonly apiVersion: string; readonly kind: string },
  at: string,
): ResourceInfo {
  const { apiVersion, kind } = object;
  const named = KINDS.filter((known) => known.kind === kind);
  const served = named.find(({ versions }) =>
    versions.some((version) => version.served && version.apiVersion === apiVersion),
  );
  if (served !== undefined) return infoOf(served);
  const versions = named.flatMap((known) => known.versions.map((version) => version.apiVersion));
  if (versions.length > 0)
    throw new UsageError(`${at}: ${kind} is not served in ${apiVersion}; write apiVersion: ${versions.join(' or ')}`);
  const near = closest(
    kind,
    KINDS.map((known) => known.kind),
  );
  throw new UsageError(
    `${at}: there is no kind "${kind}"; ${
      near === undefined
        ? `known: ${KINDS.map((known) => known.kind)
            .toSorted()
            .join(', ')}`
        : `did you mean "${near}"?`
    }`,
  );
}
