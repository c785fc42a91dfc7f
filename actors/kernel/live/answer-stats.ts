import { isFailure } from '../../../contracts/errors/status.ts';
import { statText } from './actor-stats.ts';

/** Weight of one answer in the mean. */
const WEIGHT = 0.05;

/** Counts answers and refusals, and measures response times. */
export class AnswerStats {
  answered = 0;
  errors = 0;
  /** Sum of the response times, milliseconds. */
  totalMs = 0;
  /** Exponential moving average of the response time, milliseconds. */
  meanMs = 0;
  /** Message of the newest refusal. */
  lastError: string | undefined;

  /** @param ms time from the request to its answer */
  note(ms: number, answer: unknown): void {
    this.answered += 1;
    this.totalMs += ms;
    this.meanMs = this.answered === 1 ? ms : this.meanMs + (ms - this.meanMs) * WEIGHT;
    if (!isFailure(answer)) return;
    this.errors += 1;
    this.lastError = statText(answer.message);
  }
}
