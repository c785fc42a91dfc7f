const AT_LEAST_MS = 20_000;
/** What the slowest disk reads in a second. */
const BYTES_A_SECOND = 10 * 2 ** 20;

/** How long a nats-server may take before it speaks, which reads through a store that was not closed in order. */
export const planPatience = (bytes: number): number => AT_LEAST_MS + Math.ceil(bytes / BYTES_A_SECOND) * 1_000;

/** The streams, of which a nats-server has written that it restores them, and not that it has. */
export function streamsBeingRead(written: string): readonly string[] {
  const named = (pattern: RegExp): readonly string[] => [...written.matchAll(pattern)].map(([, name]) => name ?? '');
  const read = new Set(named(/Restored [\d,]+ messages for stream '\S+ > (\S+)'/g));
  return named(/Starting restore for stream '\S+ > (\S+)'/g).filter((name) => !read.has(name));
}

/** What a start says to who waits for a nats-server. @param streams that it reads now, as far as it has said */
export function tellReading(waitedMs: number, streams: readonly string[], lastWords: string): string {
  const named = streams.length === 0 ? '' : ` (${streams.join(', ')})`;
  return `waiting for nats-server to read its store${named}, ${(waitedMs / 1000).toFixed()} s so far; it said last: ${lastWords}`;
}
