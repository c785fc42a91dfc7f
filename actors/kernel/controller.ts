import { concat, defer, EMPTY, from, merge, mergeMap, type Observable } from 'rxjs';
import { catchError } from 'rxjs/operators';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type {
  AnySayDecl,
  Cell,
  Change,
  Changed,
  Json,
  Millis,
  Said,
  Says,
  Self,
  Stored,
  View,
  World,
} from './contract.ts';
import { type ActorDefinition, defineActor, type WatchDecl } from './declare.ts';
import { coalesceByKey } from './reconcile/coalesce-by-key.ts';
import { OwnCreations } from './reconcile/own-creations.ts';
import type { Refusal } from './reconcile/refusal.ts';
import { askInTurn, askTogether, type Request } from './reconcile/request-batches.ts';
import { RequeueTimers } from './reconcile/requeue-timers.ts';

/** An index over the view. `build` makes it from scratch; `step` applies one change. */
export interface IndexDecl<T> {
  build(this: void, view: View): T;
  step(this: void, index: T, change: Change): T;
}
type Indexes<I> = { readonly [N in keyof I]: I[N] extends IndexDecl<infer T> ? T : never };

/** What a plan may read. Everything in it is fixed for the turn. */
export interface PlanContext<S, I> {
  readonly self: Self;
  readonly view: View;
  readonly say: Says<S>;
  readonly index: Indexes<I>;
  /** The refusal that ended the last run of this key; absent when that run did everything it had planned. */
  readonly refused?: Refusal;
  now(this: void): Millis;
  random(this: void): number;
  cell<T extends Json>(name: string, initial: T): Cell<T>;
}

/** What a plan decided. A refusal ends the run; the key is planned again with backoff and finds it in `refused`. */
export interface Plan {
  /** Sent one after the other. */
  readonly inTurn?: readonly (Request | Said<unknown>)[];
  /** Sent after those, in parallel batches (see `askTogether`): none of them depends on another. */
  readonly together?: readonly (Request | Said<unknown>)[];
  /** Plan this key again after this many milliseconds even if nothing wakes it. */
  readonly againInMs?: number;
}

type Waker<O> = (object: O, changed: Changed<O>) => string | readonly string[] | undefined;
type Wakes<H> = { readonly [N in keyof H]: H[N] extends WatchDecl<infer R> ? Waker<Stored<R>> : never };

/** Keys that run at once; limits the requests that one controller has in flight at the api-server. */
const KEYS_AT_ONCE = 64;
/** The view mostly shows a created object within milliseconds. */
const UNSEEN_MS = 1_000;

/**
 * Declares a controller: changes wake keys, and a pure plan moves the object that a key names one step towards the desired
 * state. The kernel owns concurrency (one run per key), retries (backoff per key) and all I/O. Built on `defineActor`.
 */
export function defineController<
  const H extends Record<string, WatchDecl>,
  const S extends Record<string, AnySayDecl>,
  const I extends Record<string, IndexDecl<unknown>> = Record<never, never>,
>(definition: {
  readonly name: string;
  readonly singleton?: boolean;
  readonly hears: H;
  /** Pure: maps an object to the keys to plan. Called with a changed object as it was and as it is. */
  readonly wakes: Wakes<H>;
  readonly says: S;
  readonly indexes?: I;
  readonly config?: Json;
  readonly plan: (key: string, at: PlanContext<S, I>) => Plan;
}): ActorDefinition {
  return defineActor({
    name: definition.name,
    singleton: definition.singleton ?? true,
    hears: concerned(definition.hears, definition.wakes as Wakers),
    says: definition.says,
    config: definition.config ?? null,
    behave: (inputs, world) => {
      const context = planContext<S, I>(definition.indexes, world as unknown as World<S>);
      const requeues = new RequeueTimers(world as World<unknown>);
      const wakes$ = merge(
        requeues.wakes$,
        ...Object.entries(definition.wakes).map(([name, wake]) =>
          (inputs[name] as Observable<readonly Changed[]>).pipe(
            mergeMap((changes) => from(wokenBy(changes, wake as Waker<unknown>))),
          ),
        ),
      );
      const creations = new OwnCreations(world as World<unknown>);
      const creates = createsThatWake(definition.hears, definition.wakes as Wakers, definition.says);
      const run = (key: string): Observable<Said<unknown>> =>
        defer(() => {
          if (creations.areUnseen(key)) {
            requeues.settle(key, UNSEEN_MS); // their changes wake the key; not if they are deleted again before the view shows them
            return EMPTY;
          }
          const refused = requeues.refusalOf(key);
          const plan = definition.plan(key, refused === undefined ? context : { ...context, refused });
          const done$ = defer(() => {
            requeues.settle(key, plan.againInMs);
            return EMPTY;
          });
          const asker = creations.asking(key, (said) => creates(said).has(key));
          return concat(askInTurn(asker, plan.inTurn ?? []), askTogether(asker, plan.together ?? []), done$);
        }).pipe(
          catchError((error: unknown) => {
            requeues.retry(key, error); // one bad key never stops the actor
            return EMPTY;
          }),
        );
      return wakes$.pipe(coalesceByKey(run, KEYS_AT_ONCE));
    },
  });
}

type Wakers = Readonly<Record<string, Waker<unknown>>>;

/** @returns for a request: the keys that the object it creates will wake */
function createsThatWake(
  hears: Readonly<Record<string, WatchDecl>>,
  wakes: Wakers,
  says: Record<string, AnySayDecl>,
): (said: Said<unknown>) => ReadonlySet<string> {
  return ({ say, body }) => {
    const { verb, resource } = says[say] ?? {};
    const woken = Object.entries(hears).flatMap(([name, heard]) => {
      const wake = wakes[name];
      if (verb !== 'create' || wake === undefined || heard.resource !== resource) return [];
      const after = body as KubeObject;
      const { namespace = '', name: ofObject = '' } = after.metadata ?? {};
      return [...wokenBy([{ key: '', namespace, name: ofObject, after }], wake)];
    });
    return new Set(woken);
  };
}

/** Adds `concerns`: a change that wakes no key needs no turn. */
const concerned = (hears: Readonly<Record<string, WatchDecl>>, wakes: Wakers): Record<string, WatchDecl> =>
  Object.fromEntries(
    Object.entries(hears).map(([name, heard]) => {
      const wake = wakes[name];
      const concerns = (changed: Changed): boolean => wake !== undefined && wokenBy([changed], wake).size > 0;
      return [name, { ...heard, concerns }];
    }),
  );

function wokenBy(changes: readonly Changed[], wake: Waker<unknown>): ReadonlySet<string> {
  const keys = new Set<string>();
  for (const changed of changes) {
    for (const object of [changed.before, changed.after]) {
      if (object === undefined) continue;
      const woken = wake(object, changed as Changed<unknown>);
      if (typeof woken === 'string') keys.add(woken);
      else for (const key of woken ?? []) keys.add(key);
    }
  }
  return keys;
}

function planContext<S, I>(indexes: I | undefined, world: World<S>): PlanContext<S, I> {
  const index = {};
  for (const [name, decl] of Object.entries((indexes ?? {}) as Record<string, IndexDecl<unknown>>)) {
    const read = world.derived(name, decl.build, decl.step);
    Object.defineProperty(index, name, { enumerable: true, get: read });
  }
  return {
    self: world.self,
    view: world.view,
    say: world.say,
    index: index as Indexes<I>,
    now: () => world.now(),
    random: () => world.random(),
    cell: (name, initial) => world.cell(name, initial),
  };
}
