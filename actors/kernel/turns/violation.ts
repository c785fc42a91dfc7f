import { operatorOfStack } from './operator-of-stack.ts';

/** A violation of the rules for behaviours. */
export interface Violation {
  readonly actor: string;
  readonly turn: number;
  /** The forbidden action. */
  readonly what: string;
  /** The RxJS operator that did it, if the stack shows one. */
  readonly operator?: string;
  /** File, line and column of our nearest code. */
  readonly at?: string;
}

export const describeViolation = (v: Violation): string =>
  `actor ${v.actor}, turn ${v.turn}: ${v.what}${v.operator === undefined ? '' : ` in operator ${v.operator}`}${v.at === undefined ? '' : ` at ${v.at}`}`;

/** Thrown at the place of a violation. */
export class ViolationError extends Error {
  override name = 'ViolationError';
  constructor(violation: Violation) {
    super(describeViolation(violation));
  }
}

/** @param stack stack trace of the violation, from which operator and place are read */
export const violationOf = (actor: string, turn: number, what: string, stack = stackHere()): Violation => ({
  actor,
  turn,
  what,
  ...operatorOfStack(stack),
});

function stackHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60; // pipelines are deep, and the operator may be far up the stack
  const { stack } = new Error('here');
  Error.stackTraceLimit = limit;
  return stack;
}
