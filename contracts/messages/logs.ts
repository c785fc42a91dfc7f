/** Body of `get pods/log` and of `node.<node>.logs`; names as in Kubernetes' PodLogOptions. */
export interface LogQuery {
  readonly namespace: string;
  readonly pod: string;
  readonly podUid?: string;
  /** May be omitted when the pod has one container. */
  readonly container?: string;
  /** Stream the container's output on `logs.…` for 30 s; repeat the request (every 10 s) to continue. */
  readonly follow?: boolean;
  readonly previous?: boolean;
  readonly tailLines?: number;
  /** Only lines later than this: RFC 3339 with nanoseconds, as in `LogLine.time`. Used for paging and resuming. */
  readonly sinceTime?: string;
  /** Most bytes of text; default and maximum 1 MiB. */
  readonly limitBytes?: number;
}
export interface LogLine {
  readonly stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds; increases within a container. */
  readonly time: string;
  /** Without the line feed. */
  readonly text: string;
}
export interface LogLines {
  readonly lines: readonly LogLine[];
  /** The limit was reached: repeat the request with the last line's time as `sinceTime`. */
  readonly truncated?: boolean;
  /** The container has ended; no more lines will follow. */
  readonly ended?: boolean;
}
