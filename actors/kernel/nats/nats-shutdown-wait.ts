import type { NatsConnection } from 'nats';

/** How long a stopping process waits for an answer of the broker. */
const FINISH_MS = 2_000;

/**
 * Limits how long a stopping process waits for the broker. It does not wait while the connection is lost, and at most once
 * for a broker that does not answer.
 */
export class ShutdownWait {
  /** Aborted while the connection is lost. */
  #lost = new AbortController();
  /** A wait ended without an answer, and none has arrived since: further waits end at once. */
  #silent = false;
  readonly #connection: NatsConnection;

  constructor(connection: NatsConnection) {
    this.#connection = connection;
    void this.#follow();
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#connection.status()) {
      if (type === 'disconnect') this.#lost.abort();
      else if (type === 'reconnect') {
        this.#lost = new AbortController();
        this.#silent = false;
      }
    }
  }

  /** Resolves when `act` has ended, successfully or not, when the connection is lost, or after `FINISH_MS`. */
  async soon(act: Promise<unknown> | undefined): Promise<void> {
    const ended = act?.catch(() => undefined);
    const { signal } = this.#lost;
    if (signal.aborted || this.#silent) return;
    let answered = false;
    const answers = (): void => {
      answered = true;
      this.#silent = false;
    };
    this.#connection.flush().then(answers, () => undefined);
    let enough = (): void => undefined;
    const late = new Promise<void>((done) => (enough = done));
    const timer = setTimeout(() => {
      this.#silent = !answered;
      enough();
    }, FINISH_MS);
    signal.addEventListener('abort', enough);
    await Promise.race([ended, late]);
    clearTimeout(timer);
    signal.removeEventListener('abort', enough);
  }
}
