import { defer, type Observable } from 'rxjs';
import { tap } from 'rxjs/operators';
import { StatusError } from '../../../contracts/errors/status.ts';
import type { NodePods } from '../../../contracts/messages/node.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import { jittered, type PeriodicTasks } from '../queues/periodic-tasks.ts';
import type { Applied, AssignedPods } from './assigned-pods.ts';

const SECOND = 1000;
const TIMEOUT_MS = 5 * SECOND;
/** The digest of the assigned pods is compared with the dispatcher's this often, give or take a quarter. */
const DIGEST_MS = 60 * SECOND;
/** For this many failures in a row, some seven seconds, a missing dispatcher is expected: one is starting or failing over. */
const MISSING_TOLERATED = 3;

export interface DispatcherClientParts {
  readonly world: KubeletWorld;
  readonly node: string;
  readonly assigned: AssignedPods;
  readonly tasks: PeriodicTasks;
  readonly wake: (uids: Iterable<string>) => void;
  /** Uids of pods that the node knows or runs and the dispatcher does not assign. */
  readonly unassigned: () => Iterable<string>;
  /** Another dispatcher than before sent something. */
  readonly onNewDispatcher: () => void;
}

/** Receives the node's pods from the dispatcher: as updates, and as the answer to a request for the whole list. */
export class DispatcherClient {
  readonly #parts: DispatcherClientParts;

  constructor(parts: DispatcherClientParts) {
    this.#parts = parts;
  }

  receive(update: NodePods): void {
    const { assigned, tasks, wake } = this.#parts;
    const { woken, ask } = this.#apply(() => assigned.applyUpdate(update));
    wake(woken);
    if (ask) tasks.runNow('dispatch');
  }

  /** Asks for the whole list, unless the dispatcher's digest is the same. */
  requestList(): Observable<unknown> {
    const { world, node, assigned, tasks, wake, unassigned } = this.#parts;
    return defer(() => {
      const query = { node, digest: assigned.digest() };
      return world.ask(world.say.dispatch({}, query), { timeoutMs: TIMEOUT_MS });
    }).pipe(
      tap((answer) => {
        const { woken, ask } = this.#apply(() => assigned.applyList(answer));
        wake(woken);
        if (assigned.whole) wake(unassigned());
        tasks.runWithin('dispatch', ask ? SECOND : jittered(world, DIGEST_MS));
      }),
    );
  }

  /** While no dispatcher leads, requests fail; soon one does. */
  isPassing(error: unknown, failures: number): boolean {
    return failures <= MISSING_TOLERATED && error instanceof StatusError && error.reason === 'ServiceUnavailable';
  }

  #apply(apply: () => Applied): Applied {
    const { assigned, onNewDispatcher } = this.#parts;
    const { dispatcher } = assigned;
    const applied = apply();
    if (dispatcher !== undefined && assigned.dispatcher !== dispatcher) onNewDispatcher();
    return applied;
  }
}
