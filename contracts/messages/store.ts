import type { KubeObject } from '../kinds/kinds.ts';
import type { Key } from '../store/keys.ts';

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
  putEvent: [
    { readonly key: Key; readonly object: KubeObject; readonly expect?: number },
    { readonly revision: number },
  ];
  purgeEvent: [{ readonly key: Key }, { readonly revision: number }];
  getEvent: [{ readonly key: Key }, { readonly object?: KubeObject }];
  /** In key order, after `after`, at most `limit`; objects carry their resourceVersion. `revision` is the stream's last. */
  listEvents: [
    { readonly namespace?: string; readonly after?: Key; readonly limit: number },
    { readonly objects: readonly KubeObject[]; readonly more: boolean; readonly revision: number },
  ];
}
