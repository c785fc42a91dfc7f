import type { NatsConnection } from 'nats';

/** How long whoever stops waits for what is still on its way. */
const FINISH_MS = 2_000;

/** Knows whether the broker is in reach, so that nobody who stops waits for what cannot come. */
export class BrokerReach {
  /** Aborted while it is not. */
  #lost = new AbortController();

  constructor(connection: NatsConnection) {
    void this.#follow(connection);
  }

  async #follow(connection: NatsConnection): Promise<void> {
    for await (const { type } of connection.status()) {
      if (type === 'disconnect') this.#lost.abort();
      else if (type === 'reconnect') this.#lost = new AbortController();
    }
  }

  /** Resolves with `act`, however it ends, when the connection is lost, or after `FINISH_MS`: a broker that is gone must not keep a process. */
  async soon(act: Promise<unknown> | undefined): Promise<void> {
    const { signal } = this.#lost;
    let enough = (): void => undefined;
    const late = new Promise<void>((done) => (enough = done));
    const timer = setTimeout(enough, FINISH_MS);
    signal.addEventListener('abort', enough);
    if (signal.aborted) enough();
    await Promise.race([act?.catch(() => undefined), late]);
    clearTimeout(timer);
    signal.removeEventListener('abort', enough);
  }
}
