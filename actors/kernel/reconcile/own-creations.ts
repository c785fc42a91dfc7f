import type { Observable } from 'rxjs';
import { tap } from 'rxjs/operators';
import type { Said, World } from '../contract.ts';

interface Created {
  readonly metadata?: { readonly resourceVersion?: string };
}

/**
 * The objects that the last run of a key created and that the view may not show yet. A plan from a view without them would
 * create them once more: under another name, if a name has become free meanwhile. In memory only: after a restart the
 * deterministic names of the objects must do.
 * @see kubernetes/kubernetes pkg/controller: expectations
 */
export class OwnCreations {
  readonly #world: Pick<World<unknown>, 'ask' | 'view'>;
  /** Key -> revision of the newest object that its last run created. */
  readonly #newest = new Map<string, number>();

  constructor(world: Pick<World<unknown>, 'ask' | 'view'>) {
    this.#world = world;
  }

  /** Does the view lack an object that the last run of this key created? */
  areUnseen(key: string): boolean {
    const newest = this.#newest.get(key);
    if (newest === undefined) return false;
    if (newest > this.#world.view.revision) return true;
    this.#newest.delete(key);
    return false;
  }

  /** @param wakesKey whether the change that this request makes will wake the key */
  asking(key: string, wakesKey: (said: Said<unknown>) => boolean): Pick<World<unknown>, 'ask'> {
    const ask = <A>(said: Said<A>, options: Parameters<World<unknown>['ask']>[1]): Observable<A> =>
      this.#world.ask(said, options).pipe(
        tap((answer) => {
          const revision = Number((answer as Created).metadata?.resourceVersion ?? 0);
          if (wakesKey(said) && revision > (this.#newest.get(key) ?? 0)) this.#newest.set(key, revision);
        }),
      );
    return { ask } as Pick<World<unknown>, 'ask'>;
  }
}
