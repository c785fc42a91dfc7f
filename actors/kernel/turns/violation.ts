import { operatorOfStack } from './operator-of-stack.ts';

/** Something that a behaviour must not do, and where it did it. */
export interface Violation {
  readonly actor: string;
  readonly turn: number;
  /** What was done that a behaviour must not do. */
  readonly what: string;
  /** The RxJS operator in which it was done, where the stack tells. */
  readonly operator?: string;
  /** File, line and column of ours nearest to it. */
  readonly at?: string;
}

export const describeViolation = (v: Violation): string =>
  `actor ${v.actor}, turn ${v.turn}: ${v.what}${v.operator === undefined ? '' : ` in operator ${v.operator}`}${v.at === undefined ? '' : ` at ${v.at}`}`;

/** What is thrown where a violation is committed. */
export class ViolationError extends Error {
  override name = 'ViolationError';
  constructor(violation: Violation) {
    super(describeViolation(violation));
  }
}

/** @param stack where it was committed: operator and place are read from it */
export const violationOf = (actor: string, turn: number, what: string, stack = stackHere()): Violation => ({
  actor,
  turn,
  what,
  ...operatorOfStack(stack),
});

function stackHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60; // pipelines are deep, and the operator to blame may be far up
  const { stack } = new Error('here');
  Error.stackTraceLimit = limit;
  return stack;
}
