import { NODES } from '../../../contracts/kinds/rbac/groups.ts';
import { RBAC_GROUP } from '../../../contracts/kinds/rbac/rbac-group.ts';
import type { Change } from '../../kernel/contract.ts';
import { forbidden } from '../api-errors.ts';
import { type Answer, andThen, type Context } from '../context.ts';
import { checkAgainstView } from '../read/get-and-list.ts';
import type { Access, Request } from '../request.ts';
import { actOf, qualifiedResource, verbOf } from './act-of.ts';
import { nodeAuthorizer } from './node-restriction.ts';
import { type Allowed, allows, isMaster, planAllowed, refusalText } from './plan-authorise.ts';
import { refuseGrant } from './refuse-grant.ts';
import type { ResourceAct } from './rule-matches.ts';
import type { UserInfo } from './user-info.ts';

/** `AlwaysAllow`: the broker's permissions alone decide, and the restriction of nodes. */
export type AuthorizationMode = 'RBAC' | 'AlwaysAllow';

export interface Authorizer {
  /** Returns the request as it may be served; errors with Forbidden. */
  readonly admit: (request: Request) => Answer<Request>;
  /** Errors with Forbidden. */
  readonly check: (user: UserInfo, act: ResourceAct) => Answer<void>;
  /** `undefined`: the user may do everything. */
  readonly accessOf: (user: UserInfo) => Access | undefined;
}

/** What was decided since the last change of a role or binding. */
type Known = Map<string, Allowed>;
/** Decisions that are kept; then all are made anew. */
const KNOWN_MAX = 10_000;
const ROLE_OR_BINDING = /^(cluster)?role(binding)?s\./;
const stepKnown = (known: Known, { key }: Change): Known => (ROLE_OR_BINDING.test(key) ? new Map() : known);

/** Authorises requests: those of nodes by their restriction, all others by the roles of their users. */
export function authorizer(context: Context, mode: AuthorizationMode, viewedByNodes: readonly string[]): Authorizer {
  const { view } = context.world;
  const decisions = context.world.derived('allowed', (): Known => new Map(), stepKnown);
  const admitNode = nodeAuthorizer(context, viewedByNodes);

  const mayAll = (user: UserInfo): boolean => mode === 'AlwaysAllow' || isMaster(user);
  const allowed = (user: UserInfo, act: ResourceAct): boolean => {
    const known = decisions();
    const key = `${act.verb} ${act.resource}/${act.subresource} ${act.group} ${act.namespace} ${user.key}`;
    const before = known.get(key);
    if (before !== undefined) return allows(before, act.name);
    const found = planAllowed(view, user, act);
    if (known.size >= KNOWN_MAX) known.clear();
    known.set(key, found);
    return allows(found, act.name);
  };
  const check = (user: UserInfo, act: ResourceAct): Answer<void> =>
    mayAll(user) || allowed(user, act)
      ? undefined
      : checkAgainstView(context, () =>
          allowed(user, act) ? undefined : forbidden(qualifiedResource(act), act.name, refusalText(user, act)),
        );
  const accessOf = (user: UserInfo): Access | undefined =>
    mayAll(user)
      ? undefined
      : {
          may: (verb, target) => check(user, actOf(verb, target)),
          refuses: (target, next, old) => refuseGrant(view, user, (act) => allowed(user, act), target, next, old),
        };

  return {
    check,
    accessOf,
    admit: (request) => {
      const { user } = request;
      if (user.via === undefined && user.groups.includes(NODES)) return admitNode(request);
      if (mayAll(user)) return request;
      const admitted = needsAccess(request) ? { ...request, access: accessOf(user) } : request;
      // `apply` turns out to be a create or a patch.
      if (request.verb === 'apply') return admitted as Request;
      return andThen(check(user, actOf(verbOf(request), request)), () => admitted as Request);
    },
  };
}

/** Is there more to authorise once the object is known? */
const needsAccess = ({ verb, kind }: Request): boolean => verb === 'apply' || kind.group === RBAC_GROUP;
