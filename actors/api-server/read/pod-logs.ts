import { type Observable, throwError } from 'rxjs';
import { catchError, mergeMap } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { LogLines, LogQuery } from '../../../contracts/messages/logs.ts';
import { badRequest, notFound } from '../api-errors.ts';
import type { Context } from '../context.ts';
import { parseOptions } from '../options.ts';
import type { Request } from '../request.ts';
import { containerOf } from './container-of.ts';
import { viewed } from './get-and-list.ts';

/** `get pods/log`: reads the log from the kubelet of the pod's node. */
export function podLog(context: Context, request: Request, body: unknown): Observable<LogLines> {
  const { world, limits } = context;
  const options = parseOptions('get pods/log', body);
  return context
    .fresh(() => logQuery(context, request, options))
    .pipe(
      mergeMap(({ node, question }) =>
        world
          .ask(world.say.nodeLogs({ node }, question), { timeoutMs: limits.nodeTimeoutMs })
          .pipe(catchError((error: unknown) => throwError(() => withNode(error, node, request)))),
      ),
    );
}

/** The kubelet's node and the request to it. @throws StatusError NotFound, BadRequest */
function logQuery(
  context: Context,
  request: Request,
  options: Partial<LogQuery>,
): { readonly node: string; readonly question: LogQuery } {
  const pod = viewed(context, request);
  const { namespace, name } = request;
  if (pod === undefined) throw notFound('pods', name);
  const container = containerOf(name, pod, options.container);
  const node = pod.spec?.['nodeName'];
  if (typeof node !== 'string' || node === '') {
    throw badRequest(`pod "${name}" is not assigned to a node yet, so it has no log`);
  }
  const { uid } = pod.metadata;
  return {
    node,
    question: { ...options, namespace, pod: name, ...(uid === undefined ? {} : { podUid: uid }), container },
  };
}

function withNode(error: unknown, node: string, { name }: Request): unknown {
  if (!(error instanceof StatusError)) return error;
  if (error.reason === 'ServiceUnavailable') {
    return statusError(
      'ServiceUnavailable',
      `get log of pod "${name}": no kubelet is connected for node "${node}"; is its worker running?`,
    );
  }
  if (error.reason === 'Timeout') {
    return statusError(
      'Timeout',
      `get log of pod "${name}": the kubelet of node "${node}" did not answer in time; retry`,
    );
  }
  return error;
}
