import type { AnySayDecl } from '../../../actors/kernel/contract.ts';
import type { HearDecl } from '../../../actors/kernel/declare.ts';
import { patternOf } from '../../../actors/kernel/turns/subject-patterns.ts';
import type { Family } from '../../../contracts/subjects/family.ts';
import { INBOX_ROOT, inboxPrefix } from '../../../contracts/subjects/inbox.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import { nodeOfUser } from '../../../contracts/subjects/users.ts';
import type { Permissions } from './permissions.ts';

/** The part of an actor's or driver's definition from which permissions are printed. */
export interface Declared {
  readonly name: string;
  readonly hears: Readonly<Record<string, HearDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  readonly singleton?: boolean;
}

/** Subjects of the micro services that every process with actors offers: `PING`, `INFO`, `STATS`. */
const SERVICES = '$SRV.>';

/** Fixes the `<caller>` token of a family to the user: the identity of a caller rests on this. */
export function pinned(family: Family, user: string, fixed: Readonly<Record<string, string | undefined>> = {}) {
  return family.template.includes('<caller>') ? { ...fixed, caller: user } : fixed;
}

function heard(decl: HearDecl, prefix: string): readonly string[] {
  if (decl.hear === 'watch') return []; // changes come from the process's own view of the store
  if (decl.family.mode === 'self') return []; // never leaves the process
  if (decl.hear === 'calls' && decl.all === true) return [patternOf(decl, prefix) ?? ''];
  const { instance: _chosenAtStart, ...fixed } = (decl.fixed ?? {}) as Record<string, string>;
  return [(decl.family as Family).pattern(prefix, fixed)];
}

const isAnswered = (decl: HearDecl): boolean => decl.hear === 'calls' && decl.family.mode === 'request';

function said(decl: AnySayDecl, prefix: string, user: string): readonly string[] {
  if (decl.say === 'port') return []; // never leaves the process
  if (decl.say === 'inbox') return [`${INBOX_ROOT}.>`];
  if (decl.say === 'api') {
    const { verb, resource } = decl;
    return [
      SUBJECTS.api.pattern(prefix, {
        caller: user,
        ...(verb && { verb }),
        ...(resource && resource !== '*' && { resource }),
      }),
    ];
  }
  const { family, fixed } = decl;
  if (family === undefined) return [];
  // In a request `<caller>` names the user that asks; in a plain message it names the recipient.
  return [family.pattern(prefix, family.mode === 'request' ? pinned(family, user, fixed) : fixed)];
}

/**
 * What a process that hosts these actors does: what they declare, micro services, status and journals. The actors of a node have its
 * name as their instance; other processes choose one at each start.
 */
export function hosting(declared: readonly Declared[], prefix: string, user: string): Permissions {
  const node = nodeOfUser(user);
  const own = (actor: string) => ({ actor, ...(node === undefined ? {} : { instance: node }) });
  const actors = declared.map(({ name }) => name);
  const inbox = `${inboxPrefix(user)}.>`;
  const statuses = actors.map((actor) => SUBJECTS.actor.pattern(prefix, own(actor)));
  const journaled = actors.map((actor) => SUBJECTS.journaled.pattern(prefix, own(actor)));
  const hears = declared.flatMap((one) => Object.values(one.hears));
  return {
    publish: [
      inbox, // its own actors answer each other
      ...actors.map((actor) => SUBJECTS.journal.pattern(prefix, own(actor))),
      ...declared.flatMap(({ says }) => Object.values(says).flatMap((decl) => said(decl, prefix, user))),
    ],
    subscribe: [inbox, SERVICES, ...statuses, ...journaled, ...hears.flatMap((decl) => heard(decl, prefix))],
    answers: [SERVICES, ...statuses, ...hears.filter(isAnswered).flatMap((decl) => heard(decl, prefix))],
  };
}
