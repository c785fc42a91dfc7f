import { didYouMean } from '../../contracts/did-you-mean.ts';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import { groupOf, type Kind, type KindVersion } from '../../contracts/kinds/kind.ts';
import { KINDS } from '../../contracts/kinds/registry.ts';
import { quotable } from '../../contracts/printable.ts';
import type { Obj } from './object.ts';
import { badRequest } from './refusals.ts';

/** A kind, and the version in which a client speaks of it. */
export interface Served {
  readonly kind: Kind;
  readonly version: KindVersion;
}

/** Plurals under which objects are stored. */
export const resourceNames = (): readonly string[] => KINDS.map(({ resource }) => resource);

/** The name of a resource -> what it is: `events` is the storage version, `events.events.k8s.io` that group's. */
const BY_NAME: ReadonlyMap<string, Served> = new Map(KINDS.flatMap((kind) => namesOf(kind as Kind)));

function namesOf(kind: Kind): (readonly [string, Served])[] {
  const served = kind.versions.filter((version) => version.served);
  const stored = served.find(({ apiVersion }) => apiVersion === kind.storageVersion) ?? served[0];
  const names = served.map((version): readonly [string, Served] => {
    const group = groupOf(version.apiVersion);
    return [
      group === '' || kind.resource.includes('.') ? kind.resource : `${kind.resource}.${group}`,
      { kind, version },
    ];
  });
  return stored === undefined ? names : [...names, [kind.resource, { kind, version: stored }]];
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
  for (const served of BY_NAME.values()) {
    if (served.kind.kind === kind && served.version.apiVersion === apiVersion) return served;
  }
  const versions = [...BY_NAME.values()]
    .filter((one) => one.kind.kind === kind)
    .map(({ version }) => version.apiVersion);
  if (versions.length > 0) {
    throw badRequest(
      `no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; it is served in ${[...new Set(versions)].join(', ')}`,
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
