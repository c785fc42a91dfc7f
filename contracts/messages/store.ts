import type { KubeObject } from '../kinds/kinds.ts';
import type { Key } from '../store/keys.ts';

/** Statistics of the store driver since its start: `account` in the statistics of its micro service. */
export interface StoreStats {
  readonly writes: number;
  readonly conflicts: number;
  /** Writes whose acknowledgement was lost and that were then found stored. */
  readonly recognised: number;
  /** Retries of all requests. */
  readonly retries: number;
  /** Requests for the stream's last sequence, and the reads that shared them. */
  readonly freshQuestions: number;
  readonly freshReads: number;
  /** Keys of the cache compared with the store, and the number that differed. */
  readonly checked: number;
  readonly differing: number;
  /** Revisions missing in the history stream, and revisions that it has still to copy. */
  readonly historyHoles: number;
  readonly historyLag: number;
  /** Deletions that gave up waiting for the history stream: each may have caused a hole in it. */
  readonly unmirrored: number;
  /** Revision of the newest checkpoint; 0 = none. */
  readonly checkpoint: number;
  /** Why the store cannot be read or written, with the remedy: it went back in time, its stream is missing, its disk is full. */
  readonly alarm?: string;
}

/**
 * Requests of the api-server to the store driver. They use a port, not a subject: a port exists only inside the process, so
 * no client can bypass the api-server. Refusals are `Status`: Conflict (wrong revision), AlreadyExists, ServiceUnavailable.
 */
export interface StorePorts {
  /** Compare-and-set. `expect` is the key's present revision; 0 = the key must be absent. */
  put: [
    { readonly key: Key; readonly object: KubeObject; readonly expect: number; readonly requestId: string },
    { readonly revision: number },
  ];
  /** Deletion: a purge under compare-and-set. */
  purge: [{ readonly key: Key; readonly expect: number; readonly requestId: string }, { readonly revision: number }];
  /** Answers once this process's cache has everything that the store had acknowledged at the time of the request. */
  fresh: [Record<string, never>, { readonly revision: number }];
  /** Answers once this process's cache has reached `revision`. */
  reached: [{ readonly revision: number }, { readonly revision: number }];
  /** `before`: selectable fields of the replaced event, unless they are the same in the new one. */
  putEvent: [
    { readonly key: Key; readonly object: KubeObject; readonly expect?: number; readonly before?: KubeObject },
    { readonly revision: number },
  ];
  purgeEvent: [{ readonly key: Key; readonly before?: KubeObject }, { readonly revision: number }];
  getEvent: [{ readonly key: Key }, { readonly object?: KubeObject }];
  /** In key order, after `after`, at most `limit`; objects have their resourceVersion. `revision` is the stream's last one. */
  listEvents: [
    { readonly namespace?: string; readonly after?: Key; readonly limit: number },
    { readonly objects: readonly KubeObject[]; readonly more: boolean; readonly revision: number },
  ];
}
