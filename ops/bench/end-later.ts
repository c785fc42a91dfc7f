/** Clean-up functions: child processes have their own process groups, which Ctrl-C does not reach. */
const ends = new Set<() => Promise<void>>();

/**
 * Registers a clean-up function for the case that the bench is interrupted.
 * @returns a function that runs it now, at most once
 */
export function endLater(end: () => Promise<void>): () => Promise<void> {
  const once = async (): Promise<void> => {
    if (ends.delete(once)) await end();
  };
  ends.add(once);
  return once;
}

/** Runs the clean-up functions that are left, the last one first. */
export async function endAll(): Promise<void> {
  for (const end of [...ends].reverse()) await end();
}
