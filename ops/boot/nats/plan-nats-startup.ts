const AT_LEAST_MS = 20_000;
/** Read rate of the slowest disk. */
const BYTES_A_SECOND = 10 * 2 ** 20;

/** Milliseconds that a nats-server may need before it answers, when its store of `bytes` was not closed properly and must be read. */
export const planNatsStartTimeout = (bytes: number): number => AT_LEAST_MS + Math.ceil(bytes / BYTES_A_SECOND) * 1_000;

/** Streams whose restore has begun and not finished, according to the server's log. */
export function streamsBeingRead(written: string): readonly string[] {
  const named = (pattern: RegExp): readonly string[] => [...written.matchAll(pattern)].map(([, name]) => name ?? '');
  const read = new Set(named(/Restored [\d,]+ messages for stream '\S+ > (\S+)'/g));
  return named(/Starting restore for stream '\S+ > (\S+)'/g).filter((name) => !read.has(name));
}

/** The line that a waiting `troupe up` prints. @param streams being restored according to the log */
export function describeNatsStartup(waitedMs: number, streams: readonly string[], lastLine: string): string {
  const named = streams.length === 0 ? '' : ` (${streams.join(', ')})`;
  return `waiting for nats-server to read its store${named}, ${(waitedMs / 1000).toFixed()} s so far; its last line: ${lastLine}`;
}
