import { didYouMean } from '../../contracts/did-you-mean.ts';
import { failure, StatusError } from '../../contracts/errors/status.ts';
import type { KindVersion } from '../../contracts/kinds/kind.ts';
import { type KindRegistry, kindsIn, type Served } from '../../contracts/kinds/registry.ts';
import { quotable } from '../../contracts/printable.ts';
import { badRequest } from './api-errors.ts';
import type { View } from '../kernel/contract.ts';
import type { Obj } from './object.ts';

export type { Served };

/** The kinds as of this turn's view. */
export const kindsOfTurn = ({ world }: { readonly world: { readonly view: Pick<View, 'list'> } }): KindRegistry =>
  kindsIn(world.view);

/** No served kind has this name. A definition may have been established that the view does not have yet. */
export class UnknownKind extends StatusError {}

/** @param resource plural, with or without its group. @throws UnknownKind NotFound, with a suggestion */
export function findKind(kinds: KindRegistry, resource: string): Served {
  const found = kinds.named(resource);
  if (found !== undefined) return found;
  const suggestion = didYouMean(
    resource,
    kinds.names,
    kinds.kinds.map((kind) => kind.resource),
  );
  const message = `the server doesn't have a resource type "${quotable(resource)}"; ${suggestion}`;
  throw new UnknownKind(failure('NotFound', message));
}

/** The served kind of a manifest. @throws StatusError BadRequest if there is none */
export function kindOfDocument(kinds: KindRegistry, apiVersion: unknown, kind: unknown): Served {
  if (typeof kind !== 'string' || typeof apiVersion !== 'string')
    throw badRequest('a manifest must have apiVersion and kind');
  const served = kinds.servedAs(apiVersion, kind);
  if (served !== undefined) return served;
  const versions = kinds.servedVersions(kind);
  const remedy =
    versions.length > 0
      ? `it is served in ${versions.join(', ')}`
      : didYouMean(kind, [...new Set(kinds.kinds.map((one) => one.kind))]);
  const message = `no matches for kind "${quotable(kind)}" in version "${quotable(apiVersion)}"; ${remedy}`;
  throw new UnknownKind(failure('BadRequest', message));
}

/** A stored object converted to a served version. */
export const presentedAs = (version: KindVersion, object: Obj): Obj =>
  version.fromStorage === undefined ? object : (version.fromStorage(object) as Obj);

export const presented = ({ version }: Served, object: Obj): Obj => presentedAs(version, object);
