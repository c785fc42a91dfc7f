import type { NatsConnection } from 'nats';

/**
 * Knows how long a message that arrives may have lain on its way: with the server while the network stood still, or in the
 * socket while this process did. No clock of somebody else's is asked: whatever the server had sent before it answered a
 * ping is here before that answer.
 */
export class ArrivalLag {
  readonly #connection: NatsConnection;
  readonly #timer: NodeJS.Timeout;
  /** What was sent before is here. */
  #since = performance.now();

  /** @param everyMs how often the server is asked; by so much more than it is the lag may be told */
  constructor(connection: NatsConnection, everyMs: number) {
    this.#connection = connection;
    this.#timer = setInterval(() => void this.#ping(), everyMs).unref();
    void this.#follow();
  }

  /** At most so many milliseconds ago was sent what arrives now. */
  get ms(): number {
    return performance.now() - this.#since;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #ping(): Promise<void> {
    const at = performance.now();
    try {
      await this.#connection.flush();
      this.#since = Math.max(this.#since, at);
    } catch {
      // The connection is lost, and with it what was sent over it.
    }
  }

  /** Over a new connection nothing comes that was sent before there was one. */
  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) if (type === 'reconnect') this.#since = performance.now();
  }
}
