import { isObservable, merge, type Observable, of } from 'rxjs';
import { catchError, map, mergeMap } from 'rxjs/operators';
import { messageTooLarge, StatusError, statusError } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, Said } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor, watch } from '../kernel/declare.ts';
import { statusOf } from './api-errors.ts';
import { applyOne } from './apply/apply.ts';
import { applyManifest } from './apply/apply-manifest.ts';
import { type AuthorizationMode, type Authorizer, authorizer } from './authorise/authorizer.ts';
import { checkEpoch } from './authorise/leader-epoch.ts';
import { answerReview } from './authorise/reviews.ts';
import { type Answer, andThen, askStore, type Context, SAYS } from './context.ts';
import { inFlightLimit } from './in-flight-limit.ts';
import { LIMITS, type Limits } from './limits.ts';
import { consistentReads } from './read/consistent-reads.ts';
import { asksForResources, servedResources } from './read/discovery.ts';
import { get, list } from './read/get-and-list.ts';
import { answeredAs, planAccepted } from './read/plan-accept-header.ts';
import { openSession } from './sessions/open-session.ts';
import { podLog } from './read/pod-logs.ts';
import { parseRequest, type Request } from './request.ts';
import { kindsOfTurn, presented, UnknownKind } from './served-kinds.ts';
import { EVENTS_WATCHED, WATCH_CELLS, Watches } from './watch/watches.ts';
import { bindPod } from './write/bind-pod.ts';
import { create } from './write/create.ts';
import { remove } from './write/delete.ts';
import { getSubresource } from './write/subresources.ts';
import { patch, update } from './write/update.ts';
import { writeQueues } from './write/write-queues.ts';

export interface ApiServerOptions {
  /** Unique name of this api-server; clients acknowledge its watches on `watch.<instance>.…`. */
  readonly instance: string;
  readonly limits?: Partial<Limits>;
  readonly authorization: AuthorizationMode;
  /** Resources of which every node has a view, as the actors of nodes declare; nodes may list them. */
  readonly viewedByNodes?: readonly string[];
}

/**
 * The api-server, the only actor that writes objects. Any number of instances share a queue group; each reads from its own
 * view and writes by compare-and-set, so that they need no coordination.
 */
export function apiServer({
  instance,
  limits: given = {},
  authorization,
  viewedByNodes = [],
}: ApiServerOptions): ActorDefinition {
  const limits = { ...LIMITS, ...given };
  return defineActor({
    name: 'api-server',
    config: { instance, limits: { ...limits }, authorization, viewedByNodes },
    hears: {
      objects: watch('*', { whileAny: WATCH_CELLS }),
      api: calls(SUBJECTS.api, { queue: true, all: true, bytesMax: limits.objectBytes }),
      edge: calls(SUBJECTS.edge, { queue: true, all: true, bytesMax: limits.objectBytes }),
      manifests: calls(SUBJECTS.apply, { queue: true, all: true }),
      acknowledged: calls(SUBJECTS.watchAck, { fixed: { instance } }),
      events: calls(SUBJECTS.events, { whileSet: EVENTS_WATCHED }),
      reconnected: calls(SUBJECTS.reconnected, { fixed: { instance } }),
      stopping: calls(SUBJECTS.stopping, { fixed: { instance } }),
      left: calls(SUBJECTS.left, { fixed: { instance }, cells: WATCH_CELLS }),
    },
    says: SAYS,
    behave: (inputs, world) => {
      const fresh = consistentReads(askStore({ world, limits }, world.say.fresh({})));
      const context: Context = { world, instance, limits, fresh: fresh.read, writeQueues: writeQueues() };
      const watches = new Watches(context);
      const authorise = authorizer(context, authorization, viewedByNodes);
      const limited = inFlightLimit(context);
      return merge(
        fresh.run,
        watches.ticks(),
        merge(inputs.api, inputs.edge).pipe(
          mergeMap((call: Call) => limited(call, () => serve(context, watches, authorise, call))),
        ),
        inputs.manifests.pipe(mergeMap((call) => limited(call, () => applyManifest(context, authorise, call)))),
        inputs.objects.pipe(mergeMap(() => watches.changed())),
        inputs.events.pipe(mergeMap((call) => watches.eventChanged(call))),
        inputs.reconnected.pipe(mergeMap(() => watches.reconnected())),
        inputs.stopping.pipe(mergeMap(() => watches.stop())),
        inputs.left.pipe(mergeMap((call) => watches.left(call))),
        inputs.acknowledged.pipe(
          mergeMap((call) => {
            watches.acknowledge(call);
            return [];
          }),
        ),
      );
    },
  });
}

/** Answers one request; an error is answered by a `Status`. */
function serve(
  context: Context,
  watches: Watches,
  authorise: Authorizer,
  call: Call,
): Observable<Said> | readonly Said[] {
  const refused = (error: unknown): Said => context.world.reply(call, statusOf(error));
  const attempt = (): Observable<Said> | readonly Said[] => answered(context, watches, authorise, call);
  try {
    checkSize(context, call);
    const said = attempt();
    return isObservable(said) ? said.pipe(catchError((error: unknown) => of(refused(error)))) : said;
  } catch (error) {
    if (!(error instanceof UnknownKind)) return [refused(error)];
    return context.fresh(attempt).pipe(
      mergeMap((said) => said),
      catchError((again: unknown) => of(refused(again))),
    );
  }
}

/** Answers one request. A refusal is thrown, or comes as an error. */
function answered(
  context: Context,
  watches: Watches,
  authorise: Authorizer,
  call: Call,
): Observable<Said> | readonly Said[] {
  const { world } = context;
  if (asksForResources(call)) return context.fresh(() => world.reply(call, servedResources(context)));
  const reviewed = answerReview(context, authorise, call);
  if (reviewed !== undefined) return reviewed.pipe(map((body) => world.reply(call, body)));
  const request = parseRequest(call, world.self, kindsOfTurn(context));
  checkEpoch(call, world.view);
  const accepted = planAccepted(call.headers[HEADER.accept], request.verb);
  const admitted = authorise.admit(request);
  if (request.verb === 'watch') {
    const open = (one: Request) => watches.open(one, call.decode());
    return isObservable(admitted) ? admitted.pipe(mergeMap(open)) : open(admitted);
  }
  const answer = andThen(admitted, (one) => answerOf(context, one));
  if (!isObservable(answer)) return [world.reply(call, answeredAs(accepted, answer))];
  return answer.pipe(map((body) => world.reply(call, answeredAs(accepted, body))));
}

/** The host rejects larger requests before they arrive here, but not when a recording is replayed. */
function checkSize({ limits }: Context, { bytes, subject }: Call): void {
  if (bytes.length > limits.objectBytes)
    throw new StatusError(messageTooLarge(subject, bytes.length, limits.objectBytes));
}

function answerOf(context: Context, request: Request): Answer {
  const { verb, subresource, call } = request;
  if (verb === 'patch') return patch(context, request);
  const body = call.decode();
  if (subresource === 'log') return podLog(context, request, body);
  if (subresource === 'exec' || subresource === 'portforward') return openSession(context, request, body);
  if (subresource === 'binding') return bindPod(context, request, body);
  if (verb === 'get')
    return subresource === '' ? shown(request, get(context, request, body)) : getSubresource(context, request, body);
  if (verb === 'list') return list(context, request, body);
  if (verb === 'create') return shown(request, create(context, request, body));
  if (verb === 'update') return update(context, request, body);
  if (verb === 'delete') return remove(context, request, body);
  if (verb === 'apply') return applyOne(context, request, body);
  throw statusError('MethodNotAllowed', `verb ${verb} is not supported for ${request.kind.resource}`);
}

const shown = (request: Request, answer: Answer<Parameters<typeof presented>[1]>): Answer =>
  andThen(answer, (object) => presented(request, object));
