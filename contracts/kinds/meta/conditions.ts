import { rfc3339 } from '../../time/rfc3339.ts';

/* Conditions are the same whatever has them: at most one of a type. */

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

/** All of the status, and this one last instead of the one of its type. */
export const withCondition = <C extends Condition>(status: WithConditions<C> | undefined, next: C): readonly C[] => [
  ...(status?.conditions ?? []).filter(({ type }) => type !== next.type),
  next,
];

/** Since when a condition has this status: a verdict that says it once more does not move the moment. */
export const transitionTime = (before: Condition | undefined, status: string, now: number): string =>
  (before?.status === status ? before.lastTransitionTime : undefined) ?? rfc3339(now);
