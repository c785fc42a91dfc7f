import { type Observable, throwError } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { StatusError, statusError } from '../../../contracts/errors/status.ts';
import type { SessionOpened, SessionWork } from '../../../contracts/messages/sessions.ts';
import { badRequest, notFound } from '../api-errors.ts';
import type { Context } from '../context.ts';
import type { Obj } from '../object.ts';
import { parseOptions } from '../options.ts';
import { containerOf } from '../read/container-of.ts';
import { viewed } from '../read/get-and-list.ts';
import type { Request } from '../request.ts';

/** `create pods/exec` and `create pods/portforward`: tells the pod's node; the client then speaks with the node directly. */
export function openSession(context: Context, request: Request, body: unknown): Observable<SessionOpened> {
  const { world, limits } = context;
  const planWork = request.subresource === 'exec' ? execWork(body) : portForwardWork(body);
  return context
    .fresh(() => {
      const pod = viewed(context, request);
      if (pod === undefined) throw notFound('pods', request.name);
      return { node: nodeOf(request.name, pod), podUid: pod.metadata.uid ?? '', work: planWork(request.name, pod) };
    })
    .pipe(
      mergeMap(({ node, podUid, work }) => {
        const { namespace, name: pod, caller } = request;
        const id = world.uid();
        const opened: SessionOpened = {
          kind: 'Session',
          id,
          node,
          ...(work.kind === 'exec' ? { container: work.container } : {}),
        };
        const asked = world.say.nodeSessions({ node }, { id, caller, namespace, pod, podUid, work });
        return world.ask(asked, { timeoutMs: limits.nodeTimeoutMs }).pipe(
          map(() => opened),
          catchError((error: unknown) => throwError(() => withNode(error, node, request))),
        );
      }),
    );
}

type PlanWork = (name: string, pod: Obj) => SessionWork;

function execWork(body: unknown): PlanWork {
  const { command = [], container: asked, ...rest } = parseOptions('create pods/exec', body);
  if (command.length === 0) throw badRequest('exec: option command is required: the command and its arguments');
  if (rest.stdin !== true && rest.stdout !== true && rest.stderr !== true)
    throw badRequest('exec: at least one of stdin, stdout and stderr must be true');
  return (name, pod) => ({ kind: 'exec', command, container: containerOf(name, pod, asked), ...rest });
}

function portForwardWork(body: unknown): PlanWork {
  const { ports = [] } = parseOptions('create pods/portforward', body);
  if (ports.length === 0)
    throw badRequest('port-forward: option ports is required: the ports of the pod to connect to');
  return () => ({ kind: 'portforward', ports });
}

function nodeOf(name: string, { spec }: Obj): string {
  const node = spec?.['nodeName'];
  if (typeof node === 'string' && node !== '') return node;
  throw badRequest(`pod "${name}" is not assigned to a node yet, so nothing of it runs`);
}

function withNode(error: unknown, node: string, { name, subresource }: Request): unknown {
  if (!(error instanceof StatusError)) return error;
  const act = `${subresource} of pod "${name}"`;
  if (error.reason === 'ServiceUnavailable')
    return statusError('ServiceUnavailable', `${act}: node "${node}" is not connected; is its worker running?`);
  if (error.reason === 'Timeout') return statusError('Timeout', `${act}: node "${node}" did not answer in time; retry`);
  return error;
}
