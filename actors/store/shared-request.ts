/**
 * One question for all that wait. Who comes while a question is under way waits for the next one: that question may have
 * been answered before the write that the asker knows of.
 */
export class SharedQuestion<T> {
  readonly #ask: () => Promise<T>;
  #underWay: Promise<T> | undefined;
  #next: Promise<T> | undefined;
  /** How many questions were asked. */
  asked = 0;

  constructor(ask: () => Promise<T>) {
    this.#ask = ask;
  }

  /** @returns an answer to a question that was asked after this call */
  answer(): Promise<T> {
    if (this.#underWay === undefined) return this.#start();
    this.#next ??= this.#underWay.then(
      () => this.#start(),
      () => this.#start(),
    );
    return this.#next;
  }

  #start(): Promise<T> {
    this.#next = undefined;
    this.asked++;
    const question = this.#ask().finally(() => {
      if (this.#underWay === question) this.#underWay = undefined;
    });
    this.#underWay = question;
    return question;
  }
}
