/** Whose turn is running in this thread; told by whoever runs a turn, so that the guard knows when a behaviour is on. */
export const turnsInProgress: { actor: { violate(what: string): never } | undefined } = { actor: undefined };
