import { didYouMean } from '../../contracts/did-you-mean.ts';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import { groupOf, type KindVersion } from '../../contracts/kinds/kind.ts';
import { KINDS, SERVED, type Served, servedAs, servedVersions } from '../../contracts/kinds/registry.ts';
import { quotable } from '../../contracts/printable.ts';
import { badRequest } from './api-errors.ts';
import type { Obj } from './object.ts';

export type { Served };

/** Plurals under which objects are stored. */
export const resourceNames = (): readonly string[] => KINDS.map(({ resource }) => resource);

/** The name of a resource -> what it is: `events` is the storage version, `events.events.k8s.io` that group's. */
const BY_NAME: ReadonlyMap<string, Served> = new Map(
  SERVED.flatMap((served) => namesOf(served).map((name) => [name, served] as const)),
);

function namesOf({ kind: { resource, storageVersion }, version: { apiVersion } }: Served): readonly string[] {
  const group = groupOf(apiVersion);
  const full = group === '' || resource.includes('.') ? resource : `${resource}.${group}`;
  return apiVersion === storageVersion ? [full, resource] : [full];
}

/** @param resource plural, with or without its group. @throws StatusError NotFound, with a way out */
export function findKind(resource: string): Served {
  const found = BY_NAME.get(resource);
  if (found === undefined) throw unknownResource(resource);
  return found;
}

function unknownResource(resource: string): StatusError {
  const wayOut = didYouMean(resource, [...BY_NAME.keys()]);
  return statusError('NotFound', `the server doesn't have a resource type "${quotable(resource)}"; ${wayOut}`);
}

/** @throws StatusError BadRequest for a kind that is not served */
export function kindOfDocument(apiVersion: unknown, kind: unknown): Served {
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw badRequest('a manifest needs apiVersion and kind');
  const served = servedAs(apiVersion, kind);
  if (served !== undefined) return served;
  const versions = servedVersions(kind);
  if (versions.length > 0) {
    throw badRequest(
      `no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; it is served in ${versions.join(', ')}`,
    );
  }
  const wayOut = didYouMean(
    kind,
    KINDS.map((one) => one.kind),
  );
  throw badRequest(`no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; ${wayOut}`);
}

/** A stored object as a version shows it. */
export const presentedAs = (version: KindVersion, object: Obj): Obj =>
  version.fromStorage === undefined ? object : (version.fromStorage(object) as Obj);

export const presented = ({ version }: Served, object: Obj): Obj => presentedAs(version, object);
