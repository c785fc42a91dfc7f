/** A clock with timers, passed as an argument so that tests can control it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `work` once, `delayMs` from now. @returns cancels it */
  after(delayMs: number, work: () => void): () => void;
}
