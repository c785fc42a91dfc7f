import type { Observable } from 'rxjs';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import { isPlain } from '../../../contracts/json-values.ts';
import { invalid } from '../../../contracts/kinds/admit.ts';
import { checkType } from '../../../contracts/kinds/check-fields.ts';
import type {
  NonResourceAttributes,
  ResourceAttributes,
  SelfSubjectReview,
  SelfSubjectRulesReview,
  SubjectAccessReview,
  SubjectAccessReviewSpec,
  SubjectAccessReviewStatus,
  SubjectRulesReviewStatus,
} from '../../../contracts/kinds/kinds.ts';
import { typeNode } from '../../../contracts/kinds/schema.ts';
import type { Call } from '../../kernel/contract.ts';
import { badRequest } from '../api-errors.ts';
import { andThen, type Context } from '../context.ts';
import { type ApiTokens, userOf } from '../request.ts';
import type { Authorizer } from './authorizer.ts';
import { planReason } from './plan-authorise.ts';
import { namesOf, type PathAct, type ResourceAct } from './rule-matches.ts';
import { type Roles, rulesFor } from './rule-resolution.ts';
import type { UserInfo } from './user-info.ts';

/*
 * Questions about rights: resources that can be created alone, whose answer is what was sent with a status, and that are not stored.
 */

const AUTHORIZATION = 'authorization.k8s.io';
const AUTHENTICATION = 'authentication.k8s.io';

interface Asked {
  readonly user: UserInfo;
  /** Of the subject. */
  readonly namespace: string;
  readonly mayAll: (user: UserInfo) => boolean;
}
interface Review {
  readonly group: string;
  readonly kind: string;
  readonly namespaced?: true;
  /** Pure. @throws StatusError */
  readonly answer: (roles: Roles, asked: Asked, body: never) => unknown;
}

const REVIEWS: Readonly<Record<string, Review>> = {
  selfsubjectaccessreviews: {
    group: AUTHORIZATION,
    kind: 'SelfSubjectAccessReview',
    answer: (roles, asked, { spec }: SubjectAccessReview) => decided(roles, asked, asked.user, spec),
  },
  subjectaccessreviews: {
    group: AUTHORIZATION,
    kind: 'SubjectAccessReview',
    answer: (roles, asked, { spec }: SubjectAccessReview) => decided(roles, asked, subjectOf(spec), spec),
  },
  localsubjectaccessreviews: {
    group: AUTHORIZATION,
    kind: 'LocalSubjectAccessReview',
    namespaced: true,
    answer: (roles, asked, { spec }: SubjectAccessReview) => {
      if (spec.resourceAttributes?.namespace !== asked.namespace)
        throw badRequest(`spec.resourceAttributes.namespace must match namespace: ${asked.namespace}`);
      return decided(roles, asked, subjectOf(spec), spec);
    },
  },
  selfsubjectrulesreviews: {
    group: AUTHORIZATION,
    kind: 'SelfSubjectRulesReview',
    answer: (roles, { user }, { spec }: SelfSubjectRulesReview) => {
      const { namespace = '' } = spec;
      if (namespace === '') throw badRequest('no namespace on request');
      return rulesStatus(roles, user, namespace);
    },
  },
  selfsubjectreviews: {
    group: AUTHENTICATION,
    kind: 'SelfSubjectReview',
    answer: (_roles, { user: { name, groups, extra } }): SelfSubjectReview['status'] => ({
      userInfo: {
        username: name,
        groups: [...groups],
        ...(extra === undefined ? {} : { extra }),
      },
    }),
  },
};

function subjectOf({ user = '', groups = [] }: SubjectAccessReviewSpec): UserInfo {
  if (user === '' && groups.length === 0)
    throw badRequest('spec.user: Invalid value: "": at least one of user or group must be specified');
  return { name: user, groups, key: JSON.stringify([user, ...groups]) };
}

type Attributes = {
  readonly resourceAttributes?: ResourceAttributes;
  readonly nonResourceAttributes?: NonResourceAttributes;
};

function actIn({ resourceAttributes: on, nonResourceAttributes: at }: Attributes): ResourceAct | PathAct {
  if ((on === undefined) === (at === undefined))
    throw badRequest('spec: exactly one of nonResourceAttributes or resourceAttributes must be specified');
  if (at !== undefined) return { verb: at.verb ?? '', path: at.path ?? '' };
  const { verb = '', group = '', resource = '', subresource = '', namespace = '', name = '' } = on ?? {};
  return { verb, group, resource, subresource, namespace, name };
}

function decided(roles: Roles, { mayAll }: Asked, user: UserInfo, spec: Attributes): SubjectAccessReviewStatus {
  const act = actIn(spec);
  const reason = mayAll(user) ? '' : planReason(roles, user, act);
  if (reason === undefined) return { allowed: false };
  return { allowed: true, ...(reason === '' ? {} : { reason }) };
}

function rulesStatus(roles: Roles, user: UserInfo, namespace: string): SubjectRulesReviewStatus {
  const rules = rulesFor(roles, user, namespace);
  return {
    resourceRules: rules
      .filter(({ resources = [] }) => resources.length > 0)
      .map((rule) => {
        const names = namesOf(rule);
        return {
          verbs: rule.verbs,
          apiGroups: rule.apiGroups ?? [],
          resources: rule.resources ?? [],
          ...(names === undefined ? {} : { resourceNames: [...names] }),
        };
      }),
    nonResourceRules: rules
      .filter(({ nonResourceURLs = [] }) => nonResourceURLs.length > 0)
      .map(({ verbs, nonResourceURLs = [] }) => ({ verbs, nonResourceURLs })),
    incomplete: false,
  };
}

/** The review that a resource names, with or without its group. */
function reviewNamed(resource: string): { readonly name: string; readonly review: Review } | undefined {
  const dot = resource.indexOf('.');
  const name = dot < 0 ? resource : resource.slice(0, dot);
  const review = Object.hasOwn(REVIEWS, name) ? REVIEWS[name] : undefined;
  if (review === undefined || (dot >= 0 && resource.slice(dot + 1) !== review.group)) return undefined;
  return { name, review };
}

/** Answers a question about rights; `undefined` when the call is none. @throws StatusError */
export function answerReview(context: Context, authorise: Authorizer, call: Call): Observable<unknown> | undefined {
  const { verb = '', resource = '', namespace = '' } = (call.tokens ?? {}) as Partial<ApiTokens>;
  const found = reviewNamed(resource);
  if (found === undefined) return undefined;
  const { name, review } = found;
  if (verb !== 'create') throw statusError('MethodNotAllowed', `${name} can only be created`);
  const within = review.namespaced === true ? namespace : '';
  if (review.namespaced === true && within === '')
    throw badRequest(`create ${name}: the subject must name a namespace instead of "_"`);
  const user = userOf(call, context.world.self.caller);
  const body = checkedBody(review, call.decode());
  const act = { verb, group: review.group, resource: name, subresource: '', namespace: within, name: '' };
  const mayAll = (one: UserInfo): boolean => authorise.accessOf(one) === undefined;
  const answer = (): unknown => {
    const status = review.answer(context.world.view, { user, namespace: within, mayAll }, body as never);
    return { apiVersion: `${review.group}/v1`, kind: review.kind, ...body, status };
  };
  // An answer tells of every role that was written before.
  return andThen(authorise.check(user, act), () => context.fresh(answer)) as Observable<unknown>;
}

/** The body, without what the client may not set. @throws StatusError BadRequest, Invalid */
function checkedBody({ group, kind }: Review, body: unknown): Readonly<Record<string, unknown>> {
  const given = body ?? {};
  if (!isPlain(given)) throw badRequest(`the body must be a ${kind} object`);
  const { status: _status, ...rest } = given;
  const { kind: said = kind, apiVersion = `${group}/v1` } = rest;
  if (said !== kind || apiVersion !== `${group}/v1`)
    throw badRequest(`the body must be a ${kind} object of ${group}/v1`);
  const typed = kind === 'SelfSubjectReview' ? rest : { spec: {}, ...rest };
  const causes = checkType(typeNode(kind), typed);
  if (causes.length > 0) throw new StatusError(invalid({ kind, group }, '', causes));
  return typed;
}
