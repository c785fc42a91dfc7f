import { type Observable, ReplaySubject, share, tap } from 'rxjs';

/** Questions that several may have at once: who asks what is already asked shares its answer. */
export class SharedAsks {
  readonly #open = new Map<string, Observable<unknown>>();

  /** Questions under way. */
  get size(): number {
    return this.#open.size;
  }

  /** @param question asked as soon as somebody subscribes; given up once nobody waits for it any more */
  ask(key: string, question: Observable<unknown>): Observable<unknown> {
    const known = this.#open.get(key);
    if (known !== undefined) return known;
    const forget = (): void => void this.#open.delete(key);
    const one = question.pipe(
      tap({ complete: forget, error: forget, unsubscribe: forget }),
      share({ connector: () => new ReplaySubject(1) }),
    );
    this.#open.set(key, one);
    return one;
  }
}
