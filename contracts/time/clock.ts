/** Time as something that is given, so that a test can be the one who gives it. */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Runs `work` once, `delayMs` from now. @returns forgets it */
  after(delayMs: number, work: () => void): () => void;
}
