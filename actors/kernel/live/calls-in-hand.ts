import type { InboundMessage } from './message.ts';

/** Calls that are kept account of; beyond it the oldest are forgotten. */
const OPEN_MAX = 10_000;

/** Calls that a behaviour has heard, and in whose inbox it has said nothing yet. */
export class CallsInHand {
  readonly #open = new Map<string, InboundMessage>();

  heard(msg: InboundMessage): void {
    if (msg.reply === undefined || msg.reply === '') return;
    if (this.#open.size >= OPEN_MAX) {
      const [oldest] = this.#open.keys();
      if (oldest !== undefined) this.#open.delete(oldest);
    }
    this.#open.set(msg.reply, msg);
  }

  said(subject: string): void {
    this.#open.delete(subject);
  }

  /** Those that nobody will answer any more. */
  take(): readonly InboundMessage[] {
    const left = [...this.#open.values()];
    this.#open.clear();
    return left;
  }
}
