import { didYouMean } from '../../contracts/did-you-mean.ts';
import { type StatusError, statusError } from '../../contracts/errors/status.ts';
import type { Kind, KindVersion } from '../../contracts/kinds/kind.ts';
import type { KindRegistry } from '../../contracts/kinds/registry.ts';
import { quotable } from '../../contracts/printable.ts';
import { type Key, storeKey } from '../../contracts/store/keys.ts';
import { VERBS, type Verb } from '../../contracts/subjects/subjects.ts';
import type { Call, Self } from '../kernel/contract.ts';
import { badRequest } from './api-errors.ts';
import type { UserInfo } from './authorise/user-info.ts';
import { planEdgeUser, planUser } from './authorise/user-of-call.ts';
import type { Answer } from './context.ts';
import type { Obj } from './object.ts';
import { findKind } from './served-kinds.ts';

export interface ApiTokens {
  /** Absent on the subjects of gateways. */
  readonly caller?: string;
  /** The gateway, on its subjects. */
  readonly gateway?: string;
  readonly verb: string;
  readonly resource: string;
  readonly namespace: string;
  readonly name: string;
}

type SubresourceName = '' | 'status' | 'scale' | 'binding' | 'log' | 'exec' | 'portforward' | 'finalize';

/** The object or collection that a request is about. */
export interface Target {
  readonly kind: Kind;
  /** The API version that the client uses. */
  readonly version: KindVersion;
  /** Empty for all namespaces, and for cluster-scoped kinds. */
  readonly namespace: string;
  /** Empty for the collection. */
  readonly name: string;
  /** Throws if the caller may not access this object. Called with the version that is returned, or that a write replaces. */
  readonly guard?: (object: Obj) => void;
  /** Set when there is more to authorise once the object is known. */
  readonly access?: Access;
}

/** What the user of a request may do to the objects that the request turns out to be about. */
export interface Access {
  /** Errors with Forbidden unless the user may do this to the target. */
  readonly may: (verb: string, target: Target) => Answer<void>;
  /** Why the user may not store this version of an object, although it may write the object. */
  readonly refuses: (target: Target, next: Obj, old?: Obj) => StatusError | undefined;
}

/** A parsed API request. */
export interface Request extends Target {
  readonly call: Call;
  /** The NATS user that asks, and whose inbox gets the answer. */
  readonly caller: string;
  /** Who asks, as far as authorisation goes: the caller, or whom a gateway names. */
  readonly user: UserInfo;
  readonly verb: Verb;
  readonly subresource: SubresourceName;
}

export const keyOfTarget = (target: Target): Key => storeKey(target.kind.resource, target.namespace, target.name);
/** The resource name in error messages: `deployments.apps`. */
export const qualified = (kind: Kind): string =>
  kind.group === '' || kind.resource.includes('.') ? kind.resource : `${kind.resource}.${kind.group}`;

/** Verbs of the main resource that need a name. */
const NEEDS_NAME: ReadonlySet<Verb> = new Set(['get', 'update', 'patch']);

const SUBRESOURCE_VERBS: Readonly<Record<Exclude<SubresourceName, ''>, readonly Verb[]>> = {
  status: ['get', 'update', 'patch'],
  scale: ['get', 'update', 'patch'],
  binding: ['create'],
  log: ['get'],
  exec: ['create'],
  portforward: ['create'],
  finalize: ['update'],
};

/** Parses the subject of a request. @throws StatusError BadRequest, NotFound (also UnknownKind), MethodNotAllowed */
export function parseRequest(call: Call, self: Pick<Self, 'prefix' | 'caller'>, kinds: KindRegistry): Request {
  const tokens = call.tokens as ApiTokens | undefined;
  if (tokens === undefined) {
    throw badRequest(
      `subject "${call.subject}" is not valid; use ${self.prefix}.api.<caller>.<verb>.<resource>.<namespace>.<name> with all tokens, "_" for an empty one and =XX for every byte outside [A-Za-z0-9_-]`,
    );
  }
  const verb = parseVerb(tokens.verb);
  const [resource = '', subresource = ''] = split(tokens.resource);
  const { kind, version } = findKind(kinds, resource);
  checkSubresource(kind, subresource, verb);
  const { namespace, name } = tokens;
  const request = {
    call,
    caller: callerOf(tokens),
    user: userOf(call, self.caller),
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

const callerOf = ({ gateway, caller = '' }: Pick<ApiTokens, 'gateway' | 'caller'>): string => gateway ?? caller;

/** Who asks. @param own the user of the api-server's process. @throws StatusError Unauthorized */
export function userOf(call: Call, own: string): UserInfo {
  const tokens = (call.tokens ?? {}) as Partial<ApiTokens>;
  return tokens.gateway === undefined ? planUser(callerOf(tokens), own) : planEdgeUser(tokens.gateway, call.headers);
}

function parseVerb(verb: string): Verb {
  if ((VERBS as readonly string[]).includes(verb)) return verb as Verb;
  throw statusError('MethodNotAllowed', `unknown verb "${quotable(verb)}"; ${didYouMean(verb, VERBS)}`);
}

function split(resource: string): readonly string[] {
  const slash = resource.indexOf('/');
  return slash < 0 ? [resource] : [resource.slice(0, slash), resource.slice(slash + 1)];
}

function checkSubresource(kind: Kind, subresource: string, verb: Verb): void {
  if (subresource === '') return;
  const offered: readonly string[] = subresourcesOf(kind);
  if (!offered.includes(subresource)) {
    const remedy = offered.length === 0 ? 'it has none' : `its subresources are ${offered.join(', ')}`;
    throw statusError('NotFound', `${kind.resource} has no subresource "${quotable(subresource)}"; ${remedy}`);
  }
  const verbs = SUBRESOURCE_VERBS[subresource as Exclude<SubresourceName, ''>];
  if (!verbs.includes(verb)) {
    throw statusError(
      'MethodNotAllowed',
      `${kind.resource}/${subresource} does not support the verb ${verb}; its verbs are ${verbs.join(', ')}`,
    );
  }
}

const subresourcesOf = (kind: Kind): readonly string[] =>
  kind.resource === 'namespaces' ? [...kind.subresources, 'finalize'] : kind.subresources;

function checkPlace({ kind, verb, subresource, namespace, name }: Request): void {
  if (!kind.namespaced && namespace !== '') {
    throw badRequest(
      `${verb} ${kind.resource}: ${kind.kind} objects have no namespace; use "_" instead of "${namespace}"`,
    );
  }
  const named = subresource !== '' || NEEDS_NAME.has(verb);
  if (named && name === '')
    throw badRequest(`${verb} ${kind.resource}: the subject's last token must name the object, not "_"`);
  if (verb === 'list' && name !== '') {
    throw badRequest(`list ${kind.resource}: use "_" instead of the name "${name}", or the verb get`);
  }
  if (kind.namespaced && namespace === '' && (named || verb === 'delete')) {
    throw badRequest(
      `${verb} ${kind.resource}: ${kind.kind} objects are namespaced; the subject must name a namespace instead of "_"`,
    );
  }
}
