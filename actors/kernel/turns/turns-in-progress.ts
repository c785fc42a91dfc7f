/** The actor whose turn runs in this thread. `ActorCore` sets it, so that the guard knows when a behaviour runs. */
export const turnsInProgress: { actor: Breachable | undefined } = { actor: undefined };

interface Breachable {
  /** Reports a violation of the rules for behaviours, and stops the actor. */
  breach(what: string): unknown;
  /** The same, and throws, so that the violating code ends. */
  violate(what: string): void;
  /** Reports a violation if the error says that a frozen object was mutated. */
  blameMutation(error: unknown): void;
}
