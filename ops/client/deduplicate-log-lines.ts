import type { LogLine } from '../../contracts/messages/logs.ts';
import { logTime } from '../../contracts/time/log-time.ts';

/** A log time in a form that compares as text: some writers omit trailing zeros. */
export const sortableTime = (time: string): string => logTime(time) ?? time;

/**
 * Removes duplicates from a container's output, which arrives in two ways: in the live stream, which may miss lines, and in answers
 * to requests, which are complete. A line is identified by its time.
 */
export class LogDeduplicator {
  /** Time of the last answered line; all lines up to it were returned. */
  answered: string | undefined;
  /** Times of later lines that were returned from the stream. */
  readonly #heard = new Set<string>();

  /** New lines of an answer to a request for lines since `answered`. */
  ofAnswer(lines: readonly LogLine[]): LogLine[] {
    const seen = this.#seen();
    const fresh = lines.filter(({ time }) => this.#later(time, seen) && !this.#heard.has(sortableTime(time)));
    const end = lines.at(-1)?.time;
    if (end !== undefined && this.#later(end, seen)) this.answered = end;
    const now = this.#seen();
    for (const time of this.#heard) if (now !== undefined && time <= now) this.#heard.delete(time);
    return fresh;
  }

  /** New lines of the stream. */
  ofStream(lines: readonly LogLine[]): LogLine[] {
    const seen = this.#seen();
    const fresh: LogLine[] = [];
    for (const line of lines) {
      const time = sortableTime(line.time);
      if (this.#heard.has(time) || !this.#later(line.time, seen)) continue;
      this.#heard.add(time);
      fresh.push(line);
    }
    return fresh;
  }

  #seen(): string | undefined {
    return this.answered === undefined ? undefined : sortableTime(this.answered);
  }
  #later(time: string, seen: string | undefined): boolean {
    return seen === undefined || sortableTime(time) > seen;
  }
}
