/** How to end what is up: children are in process groups of their own, which Ctrl-C does not reach. */
const ends = new Set<() => Promise<void>>();

/**
 * Notes how something is to be ended when the bench is stopped in the middle.
 * @returns does it now, and not again
 */
export function endLater(end: () => Promise<void>): () => Promise<void> {
  const once = async (): Promise<void> => {
    if (ends.delete(once)) await end();
  };
  ends.add(once);
  return once;
}

/** Ends all that is still up, what came last first. */
export async function endAll(): Promise<void> {
  for (const end of [...ends].reverse()) await end();
}
