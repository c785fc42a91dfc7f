import { didYouMean } from '../../contracts/did-you-mean.ts';
import { statusError } from '../../contracts/errors/status.ts';
import type { Kind, KindVersion } from '../../contracts/kinds/kind.ts';
import { quotable } from '../../contracts/printable.ts';
import { type Key, storeKey } from '../../contracts/store/keys.ts';
import { VERBS, type Verb } from '../../contracts/subjects/subjects.ts';
import type { Call } from '../kernel/contract.ts';
import { badRequest } from './api-errors.ts';
import type { Obj } from './object.ts';
import { findKind } from './served-kinds.ts';

export interface ApiTokens {
  readonly caller: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

type SubresourceName = '' | 'status' | 'scale' | 'binding' | 'log' | 'finalize';

/** The object or collection that a request is about. */
export interface Target {
  readonly kind: Kind;
  /** The version in which the client speaks. */
  readonly version: KindVersion;
  /** Empty: all namespaces, or a kind without. */
  readonly namespace: string;
  /** Empty: the collection. */
  readonly name: string;
  /** Throws when whoever asks may not reach this object: asked of the very one that is shown or that a write replaces. */
  readonly guard?: (object: Obj) => void;
}

/** A message of the api, understood. */
export interface Request extends Target {
  readonly call: Call;
  readonly caller: string;
  readonly verb: Verb;
  readonly subresource: SubresourceName;
}

export const keyOfTarget = (target: Target): Key => storeKey(target.kind.resource, target.namespace, target.name);
/** As refusals name it: `deployments.apps`. */
export const qualified = (kind: Kind): string =>
  kind.group === '' || kind.resource.includes('.') ? kind.resource : `${kind.resource}.${kind.group}`;

/** Verbs of the main resource that need a name, and those that must not have one. */
const NEEDS_NAME: ReadonlySet<Verb> = new Set(['get', 'update', 'patch']);

const SUBRESOURCE_VERBS: Readonly<Record<Exclude<SubresourceName, ''>, readonly Verb[]>> = {
  status: ['get', 'update', 'patch'],
  scale: ['get', 'update', 'patch'],
  binding: ['create'],
  log: ['get'],
  finalize: ['update'],
};

/** @throws StatusError BadRequest, NotFound, MethodNotAllowed, which names what is wrong with the subject */
export function parseRequest(call: Call, prefix: string): Request {
  const tokens = call.tokens as ApiTokens | undefined;
  if (tokens === undefined) {
    throw badRequest(
      `subject "${call.subject}" is not understood; use ${prefix}.api.<caller>.<verb>.<resource>.<namespace>.<name> with all tokens, "_" for none and =XX for every byte outside [A-Za-z0-9_-]`,
    );
  }
  const verb = parseVerb(tokens.verb);
  const [resource = '', subresource = ''] = split(tokens.resource);
  const { kind, version } = findKind(resource);
  checkSubresource(kind, subresource, verb);
  const { namespace, name } = tokens;
  const request = {
    call,
    caller: tokens.caller,
    verb,
    kind,
    version,
    subresource: subresource as SubresourceName,
    namespace,
    name,
  };
  checkPlace(request);
  return request;
}

function parseVerb(verb: string): Verb {
  if ((VERBS as readonly string[]).includes(verb)) return verb as Verb;
  throw statusError('MethodNotAllowed', `verb "${quotable(verb)}" is not known; ${didYouMean(verb, VERBS)}`);
}

function split(resource: string): readonly string[] {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource] : [resource.slice(0, slash), resource.slice(slash + 1)];
}

function checkSubresource(kind: Kind, subresource: string, verb: Verb): void {
  if (subresource === '') return;
  const offered: readonly string[] = subresourcesOf(kind);
  if (!offered.includes(subresource)) {
    const remedy = offered.length === 0 ? 'it has none' : `it has ${offered.join(', ')}`;
    throw statusError('NotFound', `${kind.resource} has no subresource "${quotable(subresource)}"; ${remedy}`);
  }
  const verbs = SUBRESOURCE_VERBS[subresource as Exclude<SubresourceName, ''>];
  if (!verbs.includes(verb)) {
    throw statusError(
      'MethodNotAllowed',
      `${kind.resource}/${subresource} can't ${verb}; its verbs are ${verbs.join(', ')}`,
    );
  }
}

const subresourcesOf = (kind: Kind): readonly string[] =>
  kind.resource === 'namespaces' ? [...kind.subresources, 'finalize'] : kind.subresources;

function checkPlace({ kind, verb, subresource, namespace, name }: Request): void {
  if (!kind.namespaced && namespace !== '') {
    throw badRequest(
      `${verb} ${kind.resource}: ${kind.kind} objects are in no namespace; give "_" instead of "${namespace}"`,
    );
  }
  const named = subresource !== '' || NEEDS_NAME.has(verb);
  if (named && name === '')
    throw badRequest(`${verb} ${kind.resource}: the subject's last token must name the object, not "_"`);
  if (verb === 'list' && name !== '') {
    throw badRequest(`list ${kind.resource}: give "_" instead of "${name}", or use the verb get`);
  }
  if (kind.namespaced && namespace === '' && (named || verb === 'delete')) {
    throw badRequest(
      `${verb} ${kind.resource}: ${kind.kind} objects are in namespaces; the subject must name one instead of "_"`,
    );
  }
}
