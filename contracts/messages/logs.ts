/** Body of `get pods/log` and of `node.<node>.logs`; names as in Kubernetes' PodLogOptions. */
export interface LogQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid?: string;
  /** May be left out when the pod has one container. */
  readonly container?: string;
  /** Keep the container's output streaming on `logs.…` for 30 s; ask again (every 10 s) to go on. */
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  /** Only lines later than this: RFC 3339 with nanoseconds, as in `LogLine.time`. How a reader pages and resumes. */
  readonly sinceTime?: string;
  /** At most this many bytes of text (default and most 1 MiB). */
  readonly limitBytes?: number;
}
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds; rises within a container. */
  readonly time: string;
  /** Without the line feed. */
  readonly text: string;
}
export interface LogLines {
  readonly lines: readonly LogLine[];
  /** The limit cut the answer short: ask again with `sinceTime` of the last line. */
  readonly truncated?: boolean;
  /** The container has ended; nothing will follow. */
  readonly ended?: boolean;
}
