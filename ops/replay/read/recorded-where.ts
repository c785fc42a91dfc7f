import type { Client } from '../../client/client.ts';
import type { Credentials } from '../../client/plan-credentials.ts';

/** Where the recordings of a cluster are. */
export interface RecordedWhere {
  readonly home: string;
  /** A nats-server and the user to connect as; absent: the home's own. */
  readonly server?: Credentials | undefined;
  /** File with the cluster's key; absent: that of the home. */
  readonly keyFile?: string | undefined;
}

/** Which recordings to open, and how. */
export interface SourceOptions extends RecordedWhere {
  /** Of a file: only recordings of this actor. */
  readonly actor?: string | undefined;
  readonly instance?: string | undefined;
  /** Of a file: without it, turns that carry secret data are skipped or compared by shape. */
  readonly keyFile?: string | undefined;
  /** Leave secret data sealed, though the key is available. */
  readonly sealed?: boolean;
  /** Called with progress messages. */
  readonly onRead?: (message: string) => void;
  /** Called with what is missing: parts of the journal, or the key. Default: `onRead`. */
  readonly onMissing?: (message: string) => void;
}

/** `nothing is recorded <in this home>` */
export const placeOf = ({ server }: Pick<RecordedWhere, 'server'>): string =>
  server === undefined ? 'in this home' : `at ${server.url}`;

export interface OpenedRecordings {
  readonly client: Client;
  /** First token of the cluster's subjects. */
  readonly prefix: string;
  /** Whether the nats-server was already running, so that a cluster may be running too. */
  readonly live: boolean;
  close(): Promise<void>;
  /** Turns an error of reading into one with a remedy; `undefined`: leave it as it is. */
  worded?(error: unknown): Error | undefined;
}
