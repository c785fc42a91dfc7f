import type { InboundMessage } from './inbound-message.ts';

/** For `latest` inputs: keeps the newest message of each subject until the input's interval has passed. */
export class LatestMessages {
  readonly #due: (input: string) => void;
  readonly #newest = new Map<string, Map<string, InboundMessage>>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  /** @param due called when an input's interval has passed: time to `take` its messages */
  constructor(due: (input: string) => void) {
    this.#due = due;
  }

  heard(input: string, everyMs: number, msg: InboundMessage): void {
    const newest = this.#newest.get(input) ?? new Map<string, InboundMessage>();
    this.#newest.set(input, newest);
    newest.set(msg.subject, msg);
    if (this.#timers.has(input)) return;
    const due = (): void => {
      this.#timers.delete(input);
      this.#due(input);
    };
    this.#timers.set(input, setTimeout(due, everyMs));
  }

  take(input: string): readonly InboundMessage[] {
    const newest = this.#newest.get(input);
    this.#newest.delete(input);
    return [...(newest?.values() ?? [])];
  }

  stop(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
  }
}
