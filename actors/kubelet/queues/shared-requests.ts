import { type Observable, ReplaySubject, share, tap } from 'rxjs';

/** Requests that several callers may make at once: callers with the same key share one request and its answer. */
export class SharedRequests {
  readonly #open = new Map<string, Observable<unknown>>();

  /** Requests in flight. */
  get size(): number {
    return this.#open.size;
  }

  /** @param request is sent on the first subscription, and cancelled when its last subscriber unsubscribes */
  share(key: string, request: Observable<unknown>): Observable<unknown> {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const forget = (): void => void this.#open.delete(key);
    const shared = request.pipe(
      tap({ complete: forget, error: forget, unsubscribe: forget }),
      share({ connector: () => new ReplaySubject(1) }),
    );
    this.#open.set(key, shared);
    return shared;
  }
}
