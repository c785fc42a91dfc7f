import { defer, type Observable, of } from 'rxjs';
import { catchError, map } from 'rxjs/operators';
import { statusError } from '../../../contracts/errors/status.ts';
import type { LogQuery } from '../../../contracts/messages/logs.ts';
import type { Call, Said } from '../../kernel/contract.ts';
import type { AssignedPods } from '../dispatch/assigned-pods.ts';
import type { KubeletWorld } from '../kubelet-says.ts';
import { failureOf, logQuery } from '../parse-messages.ts';
import type { PodStateStore } from '../pods/pod-state-store.ts';
import { planLogRequest } from './plan-log-request.ts';

const TIMEOUT_MS = 10_000;

export interface LogRequestsParts {
  readonly world: KubeletWorld;
  readonly node: string;
  readonly assigned: AssignedPods;
  readonly state: PodStateStore;
}

/** Answers a request for a container's log, with its lines or a Status. Never errors. */
export function answerLogRequest({ world, node, assigned, state }: LogRequestsParts, call: Call<LogQuery>) {
  const answer: Observable<unknown> = defer(() => {
    const query = logQuery(call.decode());
    const dispatched = assigned.find(query.namespace, query.pod);
    const uid = dispatched?.pod.metadata?.uid ?? '';
    if (dispatched === undefined || (query.podUid !== undefined && query.podUid !== uid))
      throw statusError('NotFound', `pods "${query.pod}" not found on node ${node}`);
    const planned = planLogRequest(dispatched.pod, state.status(uid) ?? dispatched.pod.status ?? {}, query);
    if ('refuse' in planned) return of(planned.refuse);
    return world.ask(world.say.logs({}, planned.ask), { timeoutMs: TIMEOUT_MS });
  });
  return answer.pipe(
    map((lines): Said => world.reply(call, lines as never)),
    catchError((error: unknown) => of<Said>(world.reply(call, failureOf(error)))),
  );
}
