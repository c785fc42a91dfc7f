import type { KubeObject } from '../kinds/kinds.ts';
import type { Key } from '../store/keys.ts';

/** The store driver's own account, counted since its start: `account` in what its micro service shows. */
export interface StoreStats {
  readonly writes: number;
  readonly conflicts: number;
  /** Writes whose acknowledgement was lost, found stored. */
  readonly recognised: number;
  /** Attempts after the first, of any call. */
  readonly retries: number;
  /** Questions for the stream's last sequence, and how many reads shared them. */
  readonly freshQuestions: number;
  readonly freshReads: number;
  /** Keys of the cache compared with the store, and those that differed. */
  readonly checked: number;
  readonly differing: number;
  /** Revisions that the mirror misses, and how many it has still to copy. */
  readonly historyHoles: number;
  readonly historyLag: number;
  /** Deletions that did not wait any longer for the mirror: each may have cost it a hole. */
  readonly unmirrored: number;
  /** Revision of the newest checkpoint; 0 = none. */
  readonly checkpoint: number;
  /** Why it cannot be written or read now, and what to do about it: the store went back in time, its stream is gone, its disk full. */
  readonly alarm?: string;
}

/**
 * What the api-server asks of the store driver. A port, not a subject: it is heard only inside the same process, so that
 * nobody can write past the api-server. Refusals are `Status`: Conflict (wrong revision), AlreadyExists, ServiceUnavailable.
 */
export interface StorePorts {
  /** Compare-and-set. `expect` is the revision that the key must have now; 0 = the key must be absent. */
  put: [
    { readonly key: Key; readonly object: KubeObject; readonly expect: number; readonly requestId: string },
    { readonly revision: number },
  ];
  /** Deletion: a purge under compare-and-set. */
  purge: [{ readonly key: Key; readonly expect: number; readonly requestId: string }, { readonly revision: number }];
  /** Answers once this process's cache has everything that the store had acknowledged when the question came. */
  fresh: [Record<string, never>, { readonly revision: number }];
  /** Answers once this process's cache has reached `revision`. */
  reached: [{ readonly revision: number }, { readonly revision: number }];
  /** `before`: what selectors look at in the event that this write replaces, unless they find the same in the new one. */
  putEvent: [
    { readonly key: Key; readonly object: KubeObject; readonly expect?: number; readonly before?: KubeObject },
    { readonly revision: number },
  ];
  purgeEvent: [{ readonly key: Key; readonly before?: KubeObject }, { readonly revision: number }];
  getEvent: [{ readonly key: Key }, { readonly object?: KubeObject }];
  /** In key order, after `after`, at most `limit`; objects carry their resourceVersion. `revision` is the stream's last. */
  listEvents: [
    { readonly namespace?: string; readonly after?: Key; readonly limit: number },
    { readonly objects: readonly KubeObject[]; readonly more: boolean; readonly revision: number },
  ];
}
