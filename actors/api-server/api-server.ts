import { isObservable, merge, type Observable, of } from 'rxjs';
import { catchError, finalize, map, mergeMap } from 'rxjs/operators';
import { messageTooLarge, StatusError, statusError } from '../../contracts/errors/status.ts';
import { HEADER } from '../../contracts/headers.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import type { Call, Said } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor, type WatchDecl, watch } from '../kernel/declare.ts';
import { statusOf } from './api-errors.ts';
import { applyManifest, applyOne } from './apply/apply.ts';
import { checkEpoch } from './authorise/leader-epoch.ts';
import { type NodeGate, nodeGate } from './authorise/node-restriction.ts';
import { type Answer, andThen, askStore, type Context, SAYS } from './context.ts';
import { LIMITS, type Limits } from './limits.ts';
import { freshReads } from './read/consistent-reads.ts';
import { get, list } from './read/get-and-list.ts';
import { answeredAs, planAccepted } from './read/plan-accept-header.ts';
import { podLog } from './read/pod-logs.ts';
import { EVENTS } from './read/read-events.ts';
import { parseRequest, type Request } from './request.ts';
import { presented, resourceNames } from './served-kinds.ts';
import { EVENTS_WATCHED, WATCH_CELLS, Watches } from './watch/watches.ts';
import { create } from './write/create.ts';
import { remove } from './write/delete.ts';
import { bind, getSubresource } from './write/subresources.ts';
import { patch, update } from './write/update.ts';
import { keyTurns } from './write/write-queues.ts';

export interface ApiServerOptions {
  /** Tells this api-server from the others: watches are acknowledged on `watch.<instance>.…`. */
  readonly instance: string;
  readonly limits?: Partial<Limits>;
}

/**
 * The api-server: the only writer of objects. Any number of them share a queue group; each reads from its own view and
 * writes under compare-and-set, so that they need not know of each other.
 */
export function apiServer({ instance, limits: given = {} }: ApiServerOptions): ActorDefinition {
  const limits = { ...LIMITS, ...given };
  const resources = resourceNames().filter((resource) => resource !== EVENTS);
  const objects = Object.fromEntries(
    resources.map((resource): [string, WatchDecl] => [`watch-${resource}`, watch(resource, { whileAny: WATCH_CELLS })]),
  );
  return defineActor({
    name: 'api-server',
    config: { instance, limits: { ...limits } },
    hears: {
      ...objects,
      api: calls(SUBJECTS.api, { queue: true, all: true, bytesMax: limits.objectBytes }),
      manifests: calls(SUBJECTS.apply, { queue: true, all: true }),
      acknowledged: calls(SUBJECTS.watchAck, { fixed: { instance } }),
      events: calls(SUBJECTS.changes, { fixed: { resource: EVENTS }, whileSet: EVENTS_WATCHED }),
      reconnected: calls(SUBJECTS.reconnected, { fixed: { instance } }),
      stopping: calls(SUBJECTS.stopping, { fixed: { instance } }),
      left: calls(SUBJECTS.left, { fixed: { instance }, cells: WATCH_CELLS }),
    },
    says: SAYS,
    behave: (inputs, world) => {
      const fresh = freshReads(askStore({ world, limits }, world.say.fresh({})));
      const context: Context = { world, instance, limits, fresh: fresh.after, turns: keyTurns() };
      const watches = new Watches(context);
      const gate = nodeGate(context);
      const door = doorOf(context);
      const changes = Object.keys(objects).map(
        (name) => (inputs as Readonly<Record<string, Observable<unknown>>>)[name] as Observable<unknown>,
      );
      return merge(
        fresh.run,
        watches.ticks(),
        inputs.api.pipe(mergeMap((call) => door(call, () => serve(context, watches, gate, call)))),
        inputs.manifests.pipe(mergeMap((call) => door(call, () => applyManifest(context, call)))),
        merge(...changes).pipe(mergeMap(() => watches.changed())),
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

/** Lets in not too many at once. */
function doorOf(
  context: Context,
): (call: Call, answer: () => Observable<Said> | readonly Said[]) => Observable<Said> | readonly Said[] {
  const { world, limits } = context;
  let inside = 0;
  return (call, answer) => {
    if (inside >= limits.inFlight) {
      const status = statusError('TooManyRequests', `${limits.inFlight} requests are waiting; ask again in a moment`, {
        retryAfterSeconds: 1,
      });
      return [world.reply(call, status.status)];
    }
    const said = answer();
    if (!isObservable(said)) return said;
    inside += 1;
    return said.pipe(finalize(() => (inside -= 1)));
  };
}

/** Answers one request; whatever goes wrong is a `Status`. */
function serve(context: Context, watches: Watches, gate: NodeGate, call: Call): Observable<Said> | readonly Said[] {
  const { world } = context;
  const refused = (error: unknown): Said => world.reply(call, statusOf(error));
  try {
    checkSize(context, call);
    const request = parseRequest(call, world.self.prefix);
    checkEpoch(call, world.view);
    const accepted = planAccepted(call.headers[HEADER.accept], request.verb);
    const allowed = gate(request);
    if (allowed === request && request.verb === 'watch') {
      const said = watches.open(request, call.decode());
      return isObservable(said) ? said.pipe(catchError((error: unknown) => of(refused(error)))) : said;
    }
    const answer = andThen(allowed, (guarded) => answerOf(context, guarded));
    if (!isObservable(answer)) return [world.reply(call, answeredAs(accepted, answer))];
    return answer.pipe(
      map((body) => world.reply(call, answeredAs(accepted, body))),
      catchError((error: unknown) => of(refused(error))),
    );
  } catch (error) {
    return [refused(error)];
  }
}

/** A live one does not hear of what is larger; it may be in an older recording. */
function checkSize({ limits }: Context, { bytes, subject }: Call): void {
  if (bytes.length > limits.objectBytes)
    throw new StatusError(messageTooLarge(subject, bytes.length, limits.objectBytes));
}

function answerOf(context: Context, request: Request): Answer {
  const { verb, subresource, call } = request;
  if (verb === 'patch') return patch(context, request);
  const body = call.decode();
  if (subresource === 'log') return podLog(context, request, body);
  if (subresource === 'binding') return bind(context, request, body);
  if (verb === 'get')
    return subresource === '' ? shown(request, get(context, request, body)) : getSubresource(context, request, body);
  if (verb === 'list') return list(context, request, body);
  if (verb === 'create') return shown(request, create(context, request, body));
  if (verb === 'update') return update(context, request, body);
  if (verb === 'delete') return remove(context, request, body);
  if (verb === 'apply') return applyOne(context, request, body);
  throw statusError('MethodNotAllowed', `${verb} ${request.kind.resource} is not served`);
}

const shown = (request: Request, answer: Answer<Parameters<typeof presented>[1]>): Answer =>
  andThen(answer, (object) => presented(request, object));
