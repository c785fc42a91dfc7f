import type { Declared } from './declared-subjects.ts';
import { type Permissions, planPermissions } from './plan-permissions.ts';
import { covers } from './subject-patterns.ts';

/** Of a user's record: the actors that it hosts, and what it may do since it was made for them. */
export interface Hosting {
  readonly name: string;
  readonly actors?: readonly string[];
  readonly permissions?: Pick<Permissions, 'publish' | 'subscribe'>;
}

export interface Outdated {
  readonly name: string;
  /** What the broker would refuse it; patterns of subjects. */
  readonly lacks: readonly string[];
}

/**
 * Which services were made for actors that declared less than today's: of Troupe's own, and of what every actor needs. Pure.
 * @param known  actors as this build has them; of others only their owner knows what they declare
 * @param always what every process that hosts actors says
 */
export function planOutdated(
  users: readonly Hosting[],
  prefix: string,
  known: readonly Declared[],
  always: Declared,
): readonly Outdated[] {
  const declaredBy = (actor: string): Declared =>
    known.find(({ name }) => name === actor) ?? { name: actor, hears: {}, says: {} };
  return users.flatMap(({ name, actors, permissions }) => {
    if (actors === undefined || permissions === undefined) return [];
    const declared = [...actors.map(declaredBy), always];
    const needs = planPermissions(prefix, name, { kind: 'service', declared });
    const missing = (needed: readonly string[], granted: readonly string[]): readonly string[] =>
      needed.filter((pattern) => !granted.some((wide) => covers(wide, pattern)));
    const lacks = [...missing(needs.publish, permissions.publish), ...missing(needs.subscribe, permissions.subscribe)];
    return lacks.length === 0 ? [] : [{ name, lacks }];
  });
}

export function tellOutdated({ name, lacks: [first = '', ...more] }: Outdated): string {
  const refused = more.length === 0 ? first : `${first} and ${more.length} more`;
  return `user ${name} was made for actors that declared less than this build's do (it is refused ${refused}); \`troupe user add ${name} --actors <module>\` once more gives it what is missing, its key stays`;
}
