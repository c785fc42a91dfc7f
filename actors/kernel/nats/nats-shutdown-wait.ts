import type { NatsConnection } from 'nats';

/** How long whoever stops waits for what is still on its way. */
const FINISH_MS = 2_000;

/** Knows whether the broker is in reach, so that nobody who stops waits for what cannot come. */
export class ShutdownWait {
  /** Aborted while it is not. */
  #lost = new AbortController();
  /** It was waited for in vain, and has said nothing since: who stops has more than one thing to say, and waits once. */
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

  /** Resolves with `act`, however it ends, when the connection is lost, or after `FINISH_MS`: a broker that is gone must not keep a process. */
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
