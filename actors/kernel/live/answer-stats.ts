import { isFailure } from '../../../contracts/errors/status.ts';
import { statText } from './actor-stats.ts';

/** Weight of one answer in the mean. */
const WEIGHT = 0.05;

/** How many questions were answered, how many of those answers were refusals, and how soon they came. */
export class AnswerStats {
  answered = 0;
  errors = 0;
  /** Of all answers together, milliseconds. */
  totalMs = 0;
  /** Weighted towards the latest. */
  meanMs = 0;
  /** What the newest refusal said, as a figure may show it. */
  lastError: string | undefined;

  /** @param ms from the question to its answer */
  note(ms: number, answer: unknown): void {
    this.answered += 1;
    this.totalMs += ms;
    this.meanMs = this.answered === 1 ? ms : this.meanMs + (ms - this.meanMs) * WEIGHT;
    if (!isFailure(answer)) return;
    this.errors += 1;
    this.lastError = statText(answer.message);
  }
}
