/** Figures that an actor's micro service shows. */
export interface ActorStats {
  readonly actor: string;
  readonly instance: string;
  readonly turns: number;
  readonly queueDepth: number;
  /** Milliseconds that the oldest entry of the inbox has waited. */
  readonly lagMs: number;
  readonly openAsks: number;
  readonly restarts: number;
  readonly refused: number;
  /** Questions answered, and how many of those answers were refusals. */
  readonly answered: number;
  readonly errors: number;
  /** Mean time from a question's turn to its answer, milliseconds, weighted towards the latest. */
  readonly answerMs: number;
  readonly lastError?: string;
  readonly epoch?: number;
}
