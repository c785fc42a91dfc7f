import { concat, defer, EMPTY, from, type Observable, throwError } from 'rxjs';
import { catchError, concatMap, ignoreElements, mergeMap } from 'rxjs/operators';
import type { Said, World } from '../contract.ts';
import { type Refusal, Refused } from './refusal.ts';

/** A request, and the messages to send on its outcome (Events, mostly); their answers are not awaited. */
export interface Request {
  readonly ask: Said<unknown>;
  readonly granted?: readonly Said<unknown>[];
  readonly refused?: (refusal: Refusal) => readonly Said<unknown>[];
}

type Asker = Pick<World<unknown>, 'ask'>;

const ASK_TIMEOUT_MS = 10_000;
/** Requests of one `askTogether` in flight at once; more of them would not make the api-server faster. */
const AT_ONCE = 64;

/**
 * Sends the requests one after the other. Emits the messages on each outcome. Errors with the first refusal, and sends no
 * further request.
 * @throws Refused
 */
export const askInTurn = (world: Asker, requests: readonly (Request | Said<unknown>)[]): Observable<Said<unknown>> =>
  from(requests).pipe(concatMap((request) => asked(world, request)));

/**
 * Sends requests that do not depend on each other in parallel, in batches of 1, 2, 4 and so on. A batch with a refusal is
 * the last one, so that a request that cannot be granted is sent once and not five hundred times. Emits the messages on
 * each outcome. Errors with the first refusal once its whole batch is answered.
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
      const messages = error instanceof Refused ? refused(error) : [];
      return concat(
        from(messages),
        throwError(() => error),
      );
    }),
  );
  return concat(answer$, from(granted));
}
