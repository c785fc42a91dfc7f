import { rfc3339 } from '../../time/rfc3339.ts';

/* Conditions of all kinds: at most one of each type. */

interface Condition {
  readonly type: string;
  /** `True`, `False`, `Unknown` */
  readonly status: string;
  readonly lastTransitionTime?: string;
}
interface WithConditions<C extends Condition> {
  readonly conditions?: readonly C[];
}

export const conditionOf = <C extends Condition>(status: WithConditions<C> | undefined, type: string): C | undefined =>
  status?.conditions?.find((condition) => condition.type === type);

export const isTrue = (status: WithConditions<Condition> | undefined, type: string): boolean =>
  conditionOf(status, type)?.status === 'True';

/** The conditions of a status, with `next` appended in place of the one of its type. */
export const withCondition = <C extends Condition>(status: WithConditions<C> | undefined, next: C): readonly C[] => [
  ...(status?.conditions ?? []).filter(({ type }) => type !== next.type),
  next,
];

/** The `lastTransitionTime` of a condition: unchanged while its status stays the same. */
export const transitionTime = (before: Condition | undefined, status: string, now: number): string =>
  (before?.status === status ? before.lastTransitionTime : undefined) ?? rfc3339(now);
