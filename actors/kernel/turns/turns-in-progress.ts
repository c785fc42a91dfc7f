/** Whose turn is running in this thread; told by whoever runs a turn, so that the guard knows when a behaviour is on. */
export const turnsInProgress: { actor: Breachable | undefined } = { actor: undefined };

interface Breachable {
  /** Notes that something was done that a behaviour must not do, and stops the actor. */
  breach(what: string): unknown;
  /** The same, and ends what does it. */
  violate(what: string): void;
  /** Notes a breach, if that is what the error tells of. */
  blameMutation(error: unknown): void;
}
