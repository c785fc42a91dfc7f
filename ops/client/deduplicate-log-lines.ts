import type { LogLine } from '../../contracts/messages/logs.ts';
import { logTime } from '../../contracts/time/log-time.ts';

/** In a form that compares as text, also where whoever wrote it left out zeros. */
export const sortableTime = (time: string): string => logTime(time) ?? time;

/**
 * What of a container's output was given to the reader. Lines come by two ways: the stream, which is live but may miss
 * some, and the answers, which are whole. A line is known by its time.
 */
export class LogDeduplicator {
  /** Time of the last line of the answers: everything up to it was given. */
  answered: string | undefined;
  /** Times of lines beyond it that the stream brought. */
  readonly #heard = new Set<string>();

  /** Lines of an answer to a question since `answered` that were not given yet. */
  ofAnswer(lines: readonly LogLine[]): LogLine[] {
    const seen = this.#seen();
    const fresh = lines.filter(({ time }) => this.#later(time, seen) && !this.#heard.has(sortableTime(time)));
    const end = lines.at(-1)?.time;
    if (end !== undefined && this.#later(end, seen)) this.answered = end;
    const now = this.#seen();
    for (const time of this.#heard) if (now !== undefined && time <= now) this.#heard.delete(time);
    return fresh;
  }

  /** Lines of the stream that were not given yet. */
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
