/**
 * One request for all callers that wait for its result. A caller that arrives while a request is under way waits for the
 * next one: the current one may have been answered before the write that this caller knows of.
 */
export class SharedRequest<T> {
  readonly #send: () => Promise<T>;
  #current: Promise<T> | undefined;
  #next: Promise<T> | undefined;
  /** Number of requests sent. */
  sent = 0;

  constructor(send: () => Promise<T>) {
    this.#send = send;
  }

  /** @returns the result of a request that was sent after this call */
  result(): Promise<T> {
    if (this.#current === undefined) return this.#start();
    this.#next ??= this.#current.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    this.sent++;
    const request = this.#send().finally(() => {
      if (this.#current === request) this.#current = undefined;
    });
    this.#current = request;
    return request;
  }
}
