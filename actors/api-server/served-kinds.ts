import { didYouMean } from '../../contracts/did-you-mean.ts';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import { groupOf, type KindVersion } from '../../contracts/kinds/kind.ts';
import { KINDS, SERVED, type Served, servedAs, servedVersions } from '../../contracts/kinds/registry.ts';
import { quotable } from '../../contracts/printable.ts';
import { badRequest } from './api-errors.ts';
import type { Obj } from './object.ts';

export type { Served };

/** The plural names under which objects are stored. */
export const resourceNames = (): readonly string[] => KINDS.map(({ resource }) => resource);

/** Resource name -> served kind: `events` is the storage version, `events.events.k8s.io` that of the group. */
const BY_NAME: ReadonlyMap<string, Served> = new Map(
  SERVED.flatMap((served) => namesOf(served).map((name) => [name, served] as const)),
);

function namesOf({ kind: { resource, storageVersion }, version: { apiVersion } }: Served): readonly string[] {
  const group = groupOf(apiVersion);
  const full = group === '' || resource.includes('.') ? resource : `${resource}.${group}`;
  return apiVersion === storageVersion ? [full, resource] : [full];
}

/** @param resource plural, with or without its group. @throws StatusError NotFound, with a suggestion */
export function findKind(resource: string): Served {
  const found = BY_NAME.get(resource);
  if (found === undefined) throw unknownResource(resource);
  return found;
}

function unknownResource(resource: string): StatusError {
  const suggestion = didYouMean(resource, [...BY_NAME.keys()]);
  return statusError('NotFound', `the server doesn't have a resource type "${quotable(resource)}"; ${suggestion}`);
}

/** The served kind of a manifest. @throws StatusError BadRequest if there is none */
export function kindOfDocument(apiVersion: unknown, kind: unknown): Served {
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw badRequest('a manifest must have apiVersion and kind');
  const served = servedAs(apiVersion, kind);
  if (served !== undefined) return served;
  const versions = servedVersions(kind);
  if (versions.length > 0) {
    throw badRequest(
      `no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; it is served in ${versions.join(', ')}`,
    );
  }
  const suggestion = didYouMean(
    kind,
    KINDS.map((one) => one.kind),
  );
  throw badRequest(`no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; ${suggestion}`);
}

/** A stored object converted to a served version. */
export const presentedAs = (version: KindVersion, object: Obj): Obj =>
  version.fromStorage === undefined ? object : (version.fromStorage(object) as Obj);

export const presented = ({ version }: Served, object: Obj): Obj => presentedAs(version, object);
