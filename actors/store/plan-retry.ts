import { doubled } from '../../contracts/time/doubling-delay.ts';

/** What a failed request to JetStream means. */
export type Failure =
  /** Another write came first, or this write was stored and its acknowledgement was lost. */
  | 'wrong-sequence'
  /** Unknown or temporary: to be sent again. */
  | 'retry'
  | 'too-large'
  | 'refused';

/** The parts of an error that decide, of any error class. */
export interface Fault {
  readonly name: string;
  /** JetStream's own code, such as 10071. */
  readonly code?: number | undefined;
  /** The HTTP status code of JetStream's answer. */
  readonly status?: number | undefined;
}

const WRONG_LAST_SEQUENCE: readonly number[] = [10071, 10164];
const MESSAGE_TOO_LARGE: readonly number[] = [10054];
/** Another write to the same key is under way in a cluster; a leader is being elected. */
const TEMPORARY: readonly number[] = [10008, 10009, 10163];
const PERMANENT_NAMES: readonly string[] = [
  'ClosedConnectionError',
  'DrainingConnectionError',
  'PermissionViolationError',
  'InvalidArgumentError',
  'InvalidSubjectError',
];

/** Classifies an error of a request to JetStream. Pure. */
export function planFailure({ name, code, status }: Fault): Failure {
  if (code !== undefined && WRONG_LAST_SEQUENCE.includes(code)) return 'wrong-sequence';
  if (code !== undefined && MESSAGE_TOO_LARGE.includes(code)) return 'too-large';
  if (status === 503 || (code !== undefined && TEMPORARY.includes(code))) return 'retry';
  if (code !== undefined || PERMANENT_NAMES.includes(name)) return 'refused';
  // No answer, no responders, a lost connection: JetStream is expected back.
  return 'retry';
}

/**
 * How long to wait before retry number `attempt` (1 for the first).
 * @param random uniform in [0, 1)
 * @returns milliseconds in [5, 1000]
 */
export function retryDelayMs(attempt: number, random: number): number {
  return doubled(10, attempt - 1, 1_000) * (0.5 + random / 2);
}
