import { DEFAULT_ROLES } from '../../../actors/api-server/bootstrap/default-roles.ts';
import { below, type Family } from '../../../contracts/subjects/family.ts';
import { API_RESOURCES } from '../../../contracts/kinds/custom/discovered-kinds.ts';
import { inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { type Declared, hosting, pinned } from './declared-subjects.ts';
import type { Permissions } from './permissions.ts';
import { TENANT_ROLE } from './plan-grants.ts';
import { readingStore, scopedView, viewingStore, writingStore } from './store-subjects.ts';
import { overlaps, tidy } from './subject-patterns.ts';

export type { Permissions };

/** Who a user is to the cluster. */
export type Profile =
  /** A process of the control plane: what its actors declare, and the store. */
  | { readonly kind: 'system'; readonly declared: readonly Declared[] }
  /** A worker: what its actors declare, nothing of the store. */
  | { readonly kind: 'node'; readonly declared: readonly Declared[] }
  /** A service that embeds actors: what they declare, and the part of the store that they need. */
  | { readonly kind: 'service'; readonly declared: readonly Declared[] }
  /** A person who runs the cluster: asks for anything, reads the buckets, writes none. */
  | { readonly kind: 'operator' }
  /** A person or program confined to namespaces, with a role there; default: `edit`. */
  | { readonly kind: 'tenant'; readonly namespaces: readonly string[]; readonly role?: string | undefined }
  /** A program that asks the api-server for others, and says for whom. */
  | { readonly kind: 'gateway' };
export type ProfileKind = Profile['kind'];

type Plan<K extends ProfileKind> = (
  prefix: string,
  user: string,
  profile: Extract<Profile, { kind: K }>,
) => Permissions;

const system: Plan<'system'> = (prefix, user, { declared }) => {
  const { publish, subscribe, answers } = hosting(declared, prefix, user);
  return {
    publish: [...publish, ...writingStore(prefix)],
    subscribe: [...subscribe, below(SUBJECTS.changes, prefix)],
    answers,
  };
};

const service: Plan<'service'> = (prefix, user, { declared }) => {
  const { publish, subscribe, answers } = hosting(declared, prefix, user);
  const store = viewingStore(prefix, declared);
  return { publish: [...publish, ...store.publish], subscribe: [...subscribe, ...store.subscribe], answers };
};

const operator: Plan<'operator'> = (prefix, user) => {
  const open = Object.values(SUBJECTS as Readonly<Record<string, Family>>).filter(
    (family) => family.mode === 'publish' && family.template !== SUBJECTS.watchAck.template,
  );
  return {
    publish: [
      SUBJECTS.api.pattern(prefix, { caller: user }),
      SUBJECTS.apply.pattern(prefix, { caller: user }),
      SUBJECTS.actor.pattern(prefix),
      SUBJECTS.nodeNetwork.pattern(prefix),
      SUBJECTS.nodeMetrics.pattern(prefix),
      SUBJECTS.session.pattern(prefix, { caller: user }),
      '$SRV.>',
      ...readingStore(prefix),
    ],
    subscribe: [
      `${inboxPrefix(user)}.>`,
      ...open.map((family) => family.pattern(prefix, pinned(family, user))),
      ...[SUBJECTS.changes, SUBJECTS.events, SUBJECTS.logs].map((family) => below(family, prefix)),
    ],
    answers: [],
  };
};

/** `<prefix>.<literal>.…` of a family confined to a namespace, with any tokens after the namespace. */
function confined(family: Family, prefix: string, fixed: Readonly<Record<string, string>>): string {
  const pattern = family.pattern(prefix, fixed).split('.');
  const at = family.template.split('.').indexOf('<namespace>') + prefix.split('.').length;
  return at + 1 < pattern.length ? [...pattern.slice(0, at + 1), '>'].join('.') : pattern.join('.');
}

/** Questions about one's own rights, which are about no namespace. */
const SELF_REVIEWS = ['selfsubjectaccessreviews', 'selfsubjectrulesreviews', 'selfsubjectreviews'];

/**
 * Whose changes a tenant may hear from the broker, which knows no roles: of everything that it may read by its role. One with a role
 * that is not known here watches through the api-server.
 */
function heardIn(role: string): readonly string[] {
  if (role === 'edit' || role === 'admin') return ['*'];
  if (role !== 'view') return [];
  const rules = DEFAULT_ROLES.find(({ metadata }) => metadata?.name === role)?.rules ?? [];
  const resources = rules.flatMap((rule) => (rule.verbs.includes('list') ? (rule.resources ?? []) : []));
  return resources.filter((resource) => !resource.includes('/'));
}

const tenant: Plan<'tenant'> = (prefix, user, { namespaces, role = TENANT_ROLE }) => {
  const heard = heardIn(role);
  const each = (family: unknown, fixed: Readonly<Record<string, string>> = {}): readonly string[] =>
    namespaces.map((namespace) => confined(family as Family, prefix, { ...fixed, namespace }));
  return {
    publish: [
      SUBJECTS.session.pattern(prefix, { caller: user }),
      ...each(SUBJECTS.api, { caller: user }),
      ...each(SUBJECTS.apply, { caller: user }),
      SUBJECTS.api.subject(prefix, { caller: user, verb: 'list', resource: API_RESOURCES, namespace: '', name: '' }),
      ...SELF_REVIEWS.map((resource) =>
        SUBJECTS.api.pattern(prefix, { caller: user, verb: 'create', resource, namespace: '', name: '' }),
      ),
    ],
    subscribe: [
      `${inboxPrefix(user)}.>`,
      SUBJECTS.outcome.pattern(prefix, { caller: user }),
      SUBJECTS.sessionOutput.pattern(prefix, { caller: user }),
      ...heard.flatMap((resource) => each(SUBJECTS.changes, resource === '*' ? {} : { resource })),
      ...(heard.some((resource) => ['*', 'events'].includes(resource)) ? each(SUBJECTS.events) : []),
      ...(heard.length === 0 ? [] : each(SUBJECTS.logs)),
    ],
    answers: [],
  };
};

const node: Plan<'node'> = (prefix, user, { declared }) => {
  const { publish, subscribe, answers } = hosting(declared, prefix, user);
  const view = scopedView(prefix, user, declared);
  return { publish: [...publish, ...view.publish], subscribe: [...subscribe, ...view.subscribe], answers };
};

const gateway: Plan<'gateway'> = (prefix, user) => ({
  publish: [SUBJECTS.edge.pattern(prefix, { gateway: user }), SUBJECTS.session.pattern(prefix, { caller: user })],
  subscribe: [`${inboxPrefix(user)}.>`, SUBJECTS.sessionOutput.pattern(prefix, { caller: user })],
  answers: [],
});

/** Every profile: a new one is a line here, and the tests of hostile reply subjects cover it. */
export const PROFILES: { readonly [K in ProfileKind]: Plan<K> } = {
  system,
  node,
  service,
  operator,
  tenant,
  gateway,
};

/**
 * Plans what a user may do from what the actors it hosts declare, or from what it is; without the inboxes of those whom
 * it answers, which depend on the other users: see `withInboxes`. Pure.
 * @param prefix subject prefix of the cluster
 * @param user   NATS user, and so the only `<caller>` under which it can speak
 */
export function planPermissions<K extends ProfileKind>(
  prefix: string,
  user: string,
  profile: Extract<Profile, { kind: K }>,
): Permissions {
  const plan = PROFILES[profile.kind as K];
  const { publish, subscribe, answers } = plan(prefix, user, profile);
  // Every user may watch, and so acknowledges bookmarks.
  const all = [...publish, SUBJECTS.watchAck.pattern(prefix, { caller: user })];
  return { publish: tidy(all), subscribe: tidy(subscribe), answers: tidy(answers) };
}

export interface PermittedUser {
  readonly name: string;
  readonly permissions: Permissions;
}

/**
 * Lets each user answer exactly those who may ask it: it may publish into the inboxes of the users whose permissions
 * overlap the subjects on which it answers. NATS' own `allow_responses` is used nowhere: it would let a user answer on any
 * reply subject that the sender of a message chose. Pure.
 * @param users all users of the cluster
 */
export function withInboxes<U extends PermittedUser>(users: readonly U[]): readonly U[] {
  const askers = new AskersByStart(users);
  return users.map((user) => {
    const { permissions } = user;
    const inboxes = permissions.answers.flatMap((answered) =>
      askers.of(answered).map((name) => `${inboxPrefix(name)}.>`),
    );
    return { ...user, permissions: { ...permissions, publish: tidy([...permissions.publish, ...inboxes]) } };
  });
}

/** Who may publish where, by the first two tokens of their patterns: a thousand nodes have some twenty patterns each. */
class AskersByStart {
  readonly #byStart = new Map<string, { readonly name: string; readonly pattern: string }[]>();

  constructor(users: readonly PermittedUser[]) {
    for (const { name, permissions } of users) {
      for (const pattern of permissions.publish) {
        const start = startOf(pattern);
        const known = this.#byStart.get(start);
        if (known === undefined) this.#byStart.set(start, [{ name, pattern }]);
        else known.push({ name, pattern });
      }
    }
  }

  /** Names of the users that may publish on a subject that `answered` matches. */
  of(answered: string): readonly string[] {
    const near = [...this.#byStart].filter(([start]) => overlaps(start, startOf(answered)));
    const asking = near.flatMap(([, patterns]) => patterns.filter(({ pattern }) => overlaps(pattern, answered)));
    return [...new Set(asking.map(({ name }) => name))];
  }
}

/** The first two tokens; what follows them is left open. */
function startOf(pattern: string): string {
  const [first = '', second] = pattern.split('.', 2);
  return second === undefined || first === '>' || second === '>'
    ? `${first === '>' ? '' : `${first}.`}>`
    : `${first}.${second}`;
}
