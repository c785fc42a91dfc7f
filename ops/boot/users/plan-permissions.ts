import type { AnySayDecl } from '../../../actors/kernel/contract.ts';
import type { HearDecl } from '../../../actors/kernel/declare.ts';
import { patternOf } from '../../../actors/kernel/turns/subject-patterns.ts';
import { bucketNames, keySubject, streamOf } from '../../../contracts/store/buckets.ts';
import { EPOCHS, storeKey } from '../../../contracts/store/keys.ts';
import { below, type Family } from '../../../contracts/subjects/family.ts';
import { INBOX_ROOT, inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { token } from '../../../contracts/subjects/token.ts';

/** What the broker lets one user do; patterns of subjects, sorted, none twice. */
export interface Permissions {
  readonly publish: readonly string[];
  readonly subscribe: readonly string[];
  /** How often, and how long, a message may be answered on its reply subject although `publish` does not list it. */
  readonly responses?: { readonly max: number; readonly expires: string };
}

/** The part of an actor's or driver's definition from which permissions are printed. */
export interface Declared {
  readonly name: string;
  readonly hears: Readonly<Record<string, HearDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  readonly singleton?: boolean;
}

/** Who a user is to the cluster. */
export type Profile =
  /** A process of the control plane: what its actors declare, and the store. */
  | { readonly kind: 'system'; readonly declared: readonly Declared[] }
  /** A worker: what its actors declare, nothing of the store. */
  | { readonly kind: 'node'; readonly declared: readonly Declared[] }
  /** A process of somebody's own: what its actors declare, and of the store what they need for it. */
  | { readonly kind: 'service'; readonly declared: readonly Declared[] }
  /** A person who runs the cluster: asks for anything, reads the buckets, writes none. */
  | { readonly kind: 'operator' }
  /** A person or program confined to namespaces. */
  | { readonly kind: 'tenant'; readonly namespaces: readonly string[] };

interface Draft {
  readonly publish: string[];
  readonly subscribe: string[];
}

/** The tokens of a family that name the speaker are pinned to the user; this is what `<caller>` rests on. */
function pinned(family: Family, user: string, fixed: Readonly<Record<string, string | undefined>> = {}) {
  return family.template.includes('<caller>') ? { ...fixed, caller: user } : fixed;
}

function heard(decl: HearDecl, prefix: string): readonly string[] {
  if (decl.hear === 'watch') return []; // changes come from the process's own view of the store
  if (decl.family.mode === 'self') return []; // never leaves the process
  if (decl.hear === 'calls' && decl.all === true) return [patternOf(decl, prefix) ?? ''];
  const { instance: _unknownYet, ...fixed } = (decl.fixed ?? {}) as Record<string, string>; // made up at every start
  return [(decl.family as Family).pattern(prefix, fixed)];
}

function said(decl: AnySayDecl, prefix: string, user: string): readonly string[] {
  if (decl.say === 'port') return []; // never leaves the process
  if (decl.say === 'inbox') return [`${INBOX_ROOT}.>`];
  if (decl.say === 'api') {
    const { verb, resource } = decl;
    return [SUBJECTS.api.pattern(prefix, { caller: user, ...(verb && { verb }), ...(resource && { resource }) })];
  }
  const { family, fixed } = decl;
  if (family === undefined) return [];
  // Who is asked something learns from `<caller>` who asks; in what is just told it names whom it is for.
  return [family.pattern(prefix, family.mode === 'request' ? pinned(family, user, fixed) : fixed)];
}

/** What every process that hosts actors does beside what they declare: micro services, accounts of itself, journals. */
function hosted(declared: readonly Declared[], prefix: string, user: string): Draft {
  const actors = declared.map(({ name }) => name);
  const inbox = `${inboxPrefix(user)}.>`;
  return {
    publish: [
      inbox, // its own actors answer each other
      ...actors.map((actor) => SUBJECTS.journal.pattern(prefix, { actor })),
      ...declared.flatMap(({ says }) => Object.values(says).flatMap((decl) => said(decl, prefix, user))),
    ],
    subscribe: [
      inbox,
      '$SRV.>',
      ...actors.map((actor) => SUBJECTS.actor.pattern(prefix, { actor })),
      ...declared.flatMap(({ hears }) => Object.values(hears).flatMap((decl) => heard(decl, prefix))),
    ],
  };
}

/** Reading a stream as a bucket: gets, watches and histories. Nothing that changes or deletes what is stored. */
const readingStream = (stream: string): readonly string[] => [
  `$JS.API.STREAM.INFO.${stream}`,
  `$JS.API.STREAM.MSG.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}`,
  `$JS.API.DIRECT.GET.${stream}.>`,
  `$JS.API.CONSUMER.CREATE.${stream}`,
  `$JS.API.CONSUMER.CREATE.${stream}.>`,
  `$JS.API.CONSUMER.INFO.${stream}.*`,
  `$JS.API.CONSUMER.NAMES.${stream}`,
  `$JS.API.CONSUMER.LIST.${stream}`,
  `$JS.API.CONSUMER.DELETE.${stream}.*`,
  `$JS.API.CONSUMER.MSG.NEXT.${stream}.*`,
  `$JS.FC.${stream}.>`,
];
const LISTING_STREAMS = ['$JS.API.INFO', '$JS.API.STREAM.NAMES', '$JS.API.STREAM.LIST'];

function streamsOf(prefix: string) {
  const names = bucketNames(prefix);
  const buckets = [names.objects, names.events, names.leases];
  return { buckets, streams: [...buckets.map(streamOf), names.history, names.checkpoints, names.journal] };
}

/** The store's driver: makes its streams, reads and writes them. Purging and deleting a bucket stays closed to it as well. */
function storing(prefix: string): readonly string[] {
  const { buckets, streams } = streamsOf(prefix);
  const names = bucketNames(prefix);
  return [
    ...LISTING_STREAMS,
    ...streams.flatMap((stream) => [
      ...readingStream(stream),
      `$JS.API.STREAM.CREATE.${stream}`,
      `$JS.API.STREAM.UPDATE.${stream}`,
    ]),
    ...[names.history, names.checkpoints, names.journal].map((stream) => `$JS.API.STREAM.PURGE.${stream}`),
    ...buckets.map((bucket) => keySubject(bucket, '>')),
    SUBJECTS.checkpoints.pattern(prefix),
    SUBJECTS.journal.pattern(prefix),
  ];
}

/** Of the store: reading the objects, where one of its actors has them as its view, and the lease and epoch of each singleton. */
function serving(prefix: string, declared: readonly Declared[]): Draft {
  const { objects, leases } = bucketNames(prefix);
  const single = declared.filter(({ singleton }) => singleton === true).map(({ name }) => name);
  const watches = declared.some(({ hears }) => Object.values(hears).some(({ hear }) => hear === 'watch'));
  if (single.length === 0 && !watches) return { publish: [], subscribe: [] };
  return {
    publish: [
      ...readingStream(streamOf(objects)),
      ...(single.length === 0 ? [] : readingStream(streamOf(leases))),
      ...single.flatMap((actor) => [
        keySubject(leases, token(actor)),
        keySubject(objects, storeKey(EPOCHS, undefined, actor)),
      ]),
    ],
    subscribe: [below(SUBJECTS.changes, prefix)],
  };
}

function operating(prefix: string, user: string): Draft {
  const { streams } = streamsOf(prefix);
  const open = Object.values(SUBJECTS as Readonly<Record<string, Family>>).filter(
    (family) => family.mode === 'publish' && family.template !== SUBJECTS.watchAck.template,
  );
  return {
    publish: [
      SUBJECTS.api.pattern(prefix, { caller: user }),
      SUBJECTS.apply.pattern(prefix, { caller: user }),
      SUBJECTS.actor.pattern(prefix),
      '$SRV.>',
      ...LISTING_STREAMS,
      ...streams.flatMap(readingStream),
    ],
    subscribe: [
      `${inboxPrefix(user)}.>`,
      ...open.map((family) => family.pattern(prefix, pinned(family, user))),
      ...[SUBJECTS.changes, SUBJECTS.logs].map((family) => below(family, prefix)),
    ],
  };
}

/** `<prefix>.<literal>.…` of a family confined to a namespace, whatever follows the namespace. */
function confined(family: Family, prefix: string, fixed: Readonly<Record<string, string>>): string {
  const pattern = family.pattern(prefix, fixed).split('.');
  const at = family.template.split('.').indexOf('<namespace>') + prefix.split('.').length;
  return at + 1 < pattern.length ? [...pattern.slice(0, at + 1), '>'].join('.') : pattern.join('.');
}

function tenanting(prefix: string, user: string, namespaces: readonly string[]): Draft {
  const each = (family: unknown, fixed: Readonly<Record<string, string>> = {}): readonly string[] =>
    namespaces.map((namespace) => confined(family as Family, prefix, { ...fixed, namespace }));
  return {
    publish: [...each(SUBJECTS.api, { caller: user }), ...each(SUBJECTS.apply, { caller: user })],
    subscribe: [
      `${inboxPrefix(user)}.>`,
      SUBJECTS.outcome.pattern(prefix, { caller: user }),
      ...each(SUBJECTS.changes),
      ...each(SUBJECTS.logs),
    ],
  };
}

/** Is everything that `narrow` matches also matched by `wide`? */
export function covers(wide: string, narrow: string): boolean {
  const [outer, inner] = [wide.split('.'), narrow.split('.')];
  for (const [at, part] of outer.entries()) {
    const other = inner[at];
    if (other === undefined) return false;
    if (part === '>') return true;
    if (other === '>' || (part !== '*' && part !== other)) return false;
  }
  return outer.length === inner.length;
}

/** Sorted, none twice, none that another one covers: what people read and what the server matches stays short. */
function tidy(patterns: readonly string[]): readonly string[] {
  const all = [...new Set(patterns)].sort();
  return all.filter((pattern) => !all.some((other) => other !== pattern && covers(other, pattern)));
}

/**
 * A bookmark of a watch is answered on its reply subject. Who hears what she publishes herself must not have this: she could ask
 * herself with any subject of the cluster as the reply subject, and publish there.
 */
const RESPONSES: Readonly<Record<Profile['kind'], Permissions['responses']>> = {
  system: undefined, // answers all day long, in inboxes
  node: undefined, // as well
  service: undefined, // as well
  operator: { max: 1, expires: '1m' },
  tenant: { max: 1, expires: '1m' },
};

function draft(prefix: string, user: string, profile: Profile): Draft {
  if (profile.kind === 'operator') return operating(prefix, user);
  if (profile.kind === 'tenant') return tenanting(prefix, user, profile.namespaces);
  const { publish, subscribe } = hosted(profile.declared, prefix, user);
  const answering = [...publish, `${INBOX_ROOT}.>`];
  if (profile.kind === 'node') return { publish: answering, subscribe };
  if (profile.kind === 'service') {
    const store = serving(prefix, profile.declared);
    return { publish: [...answering, ...store.publish], subscribe: [...subscribe, ...store.subscribe] };
  }
  return { publish: [...answering, ...storing(prefix)], subscribe: [...subscribe, below(SUBJECTS.changes, prefix)] };
}

/**
 * Prints what a user may do from what the actors it hosts declare, or from what it is. Pure.
 * @param prefix subject prefix of the cluster
 * @param user   NATS user, and so the only `<caller>` under which it can speak
 */
export function planPermissions(prefix: string, user: string, profile: Profile): Permissions {
  const { publish, subscribe } = draft(prefix, user, profile);
  const responses = RESPONSES[profile.kind];
  return { publish: tidy(publish), subscribe: tidy(subscribe), ...(responses === undefined ? {} : { responses }) };
}
