import type { Client } from '../../client/client.ts';
import type { Credentials } from '../../client/plan-credentials.ts';

/** Where a cluster's recordings lie. */
export interface RecordedWhere {
  readonly home: string;
  /** A nats-server that was named, and who reads there; absent: the home's own. */
  readonly server?: Credentials | undefined;
  /** The cluster's key; without it that of the home. */
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
  /** A cluster may run on it; otherwise only its store was opened. */
  readonly live: boolean;
  close(): Promise<void>;
  /** What reading met, with a way out; `undefined`: as it is. */
  worded?(error: unknown): Error | undefined;
}
