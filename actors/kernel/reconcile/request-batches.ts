import { concat, defer, EMPTY, from, type Observable, throwError } from 'rxjs';
import { catchError, concatMap, ignoreElements, mergeMap } from 'rxjs/operators';
import type { Said, World } from '../contract.ts';
import { type Refusal, Refused } from './refusal.ts';

/** One request, and what is told of its outcome: events, for whose own answers nobody waits. */
export interface Request {
  readonly ask: Said<unknown>;
  readonly granted?: readonly Said<unknown>[];
  readonly refused?: (refusal: Refusal) => readonly Said<unknown>[];
}

type Asker = Pick<World<unknown>, 'ask'>;

const ASK_TIMEOUT_MS = 10_000;
/** Requests of one `askTogether` under way; what the api-server can use, whatever the size of a batch. */
const AT_ONCE = 64;

/**
 * Asks one after the other. Emits what is told of each; errors with the first refusal, and asks nothing after it.
 * @throws Refused
 */
export const askInTurn = (world: Asker, requests: readonly (Request | Said<unknown>)[]): Observable<Said<unknown>> =>
  from(requests).pipe(concatMap((request) => asked(world, request)));

/**
 * Asks for things that do not depend on each other: together, in batches of 1, 2, 4 and so on. A batch with a refusal in
 * it is the last, so that what can't be granted is asked for once and not five hundred times. Emits what is told of
 * each; errors with the first refusal once its whole batch is answered.
 * @throws Refused
 * @see kubernetes/kubernetes pkg/controller/replicaset: slowStartBatch
 */
export const askTogether = (world: Asker, requests: readonly (Request | Said<unknown>)[]): Observable<Said<unknown>> =>
  concat(...batches(requests).map((batch) => askBatch(world, batch)));

function batches<T>(all: readonly T[]): readonly (readonly T[])[] {
  const found: T[][] = [];
  for (let from = 0, size = 1; from < all.length; from += size, size *= 2) found.push(all.slice(from, from + size));
  return found;
}

const askBatch = (world: Asker, batch: readonly (Request | Said<unknown>)[]): Observable<Said<unknown>> =>
  defer(() => {
    let failed: { readonly error: unknown } | undefined;
    const answered$ = from(batch).pipe(
      mergeMap(
        (request) =>
          asked(world, request).pipe(
            catchError((error: unknown) => {
              failed ??= { error };
              return EMPTY;
            }),
          ),
        AT_ONCE,
      ),
    );
    return concat(
      answered$,
      defer(() => (failed === undefined ? EMPTY : throwError(() => failed?.error))),
    );
  });

function asked(world: Asker, request: Request | Said<unknown>): Observable<Said<unknown>> {
  const { ask, granted = [], refused = () => [] }: Request = 'ask' in request ? request : { ask: request };
  const answer$ = world.ask(ask, { timeoutMs: ASK_TIMEOUT_MS }).pipe(
    ignoreElements(),
    catchError((error: unknown) => {
      const told = error instanceof Refused ? refused(error) : [];
      return concat(
        from(told),
        throwError(() => error),
      );
    }),
  );
  return concat(answer$, from(granted));
}
