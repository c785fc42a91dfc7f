import type { NatsConnection } from 'nats';

/**
 * Measures an upper bound for the time that an arriving message was under way: it may have waited in the server while the
 * network was stalled, or in the socket while this process was. It needs no clock but its own: everything that the server
 * sent before it answered a ping arrives before that answer.
 */
export class ArrivalLag {
  readonly #connection: NatsConnection;
  readonly #timer: NodeJS.Timeout;
  /** Everything sent before this moment has arrived. */
  #since = performance.now();

  /** @param everyMs interval of the pings; the bound exceeds the real lag by up to this much */
  constructor(connection: NatsConnection, everyMs: number) {
    this.#connection = connection;
    this.#timer = setInterval(() => void this.#ping(), everyMs).unref();
    void this.#follow();
  }

  /** A message that arrives now was sent at most this many milliseconds ago. */
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
      // The connection is lost, and with it everything sent over it.
    }
  }

  /** Nothing sent before a reconnection arrives after it. */
  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) if (type === 'reconnect') this.#since = performance.now();
  }
}
