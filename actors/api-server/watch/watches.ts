import { EMPTY, merge, type Observable, of, Subject, throwError, timer } from 'rxjs';
import { catchError, mergeMap, switchMap } from 'rxjs/operators';
import { contentTypeOf, MSGPACK_TYPE } from '../../../contracts/codec/codec.ts';
import { type StatusError, statusError } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import type { WatchEvent, WatchOptions } from '../../../contracts/messages/api.ts';
import { keyOfObject } from '../../../contracts/store/keys.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Call, Cell, Said } from '../../kernel/contract.ts';
import { badRequest } from '../api-errors.ts';
import type { Context } from '../context.ts';
import { type Obj, revisionOf } from '../object.ts';
import { parseOptions } from '../options.ts';
import { atLeast, everything } from '../read/get-and-list.ts';
import { EVENTS, isEvent, selectEvents } from '../read/read-events.ts';
import { selection } from '../read/selectors.ts';
import type { ApiTokens, Request } from '../request.ts';
import { kindsOfTurn } from '../served-kinds.ts';
import {
  acknowledged,
  type Flow,
  marked,
  type ObjectEvent,
  sinceMark,
  type Transition,
  unacknowledged,
} from './plan-watch.ts';
import { bookmark, encodedFor, end, expired, isCurrent, type Watch, type WatchCell, watchOf } from './watch.ts';
import { revisionIn, transitionOf } from './watch-heard.ts';

/** How the names of the cells begin that say what watches there are. */
export const WATCH_CELLS = 'watch.';
const FLOW = 'flow.';
/** How the store keys of CustomResourceDefinitions begin. */
const DEFINITIONS = 'customresourcedefinitions.';
/** The cell that is set while there are watches of events. */
export const EVENTS_WATCHED = 'events-watched';
const NO_FLOW: Flow = { sent: 0, acknowledged: 0, marks: [], missed: 0, markAt: 0 };
/** How often ends and bookmarks are looked for, while there are watches. */
const TICK_MS = 1_000;
const INITIAL_END = { 'k8s.io/initial-events-end': 'true' };
const NOTHING: readonly Said[] = [];

/**
 * The watches that one api-server serves. What must outlive a crash is in cells; the maps are made from them again.
 * Objects' watches are fed from the view's history, revision by revision; events' watches from what their bucket
 * republishes.
 */
export class Watches {
  readonly #context: Context;
  /** Escaped resource -> its watches, in the order in which they began. */
  readonly #byResource = new Map<string, Watch[]>();
  readonly #byId = new Map<string, Watch>();
  /** Watches of events that still wait for the events of before -> what is to be told behind those. */
  readonly #starting = new Map<string, ObjectEvent[]>();
  readonly #armed = new Subject<void>();
  /** Revision up to which the watches of objects were told, and of events. */
  readonly #cursor: Cell<number>;
  readonly #eventsCursor: Cell<number>;
  readonly #eventsWatched: Cell<boolean>;
  readonly #tickAt: Cell<number>;
  #stopping = false;

  constructor(context: Context) {
    const { world } = context;
    this.#context = context;
    this.#cursor = world.cell('cursor', 0);
    this.#eventsCursor = world.cell('events-cursor', 0);
    this.#eventsWatched = world.cell(EVENTS_WATCHED, false);
    this.#tickAt = world.cell('tick-at', 0);
    for (const name of world.cellNames(WATCH_CELLS)) {
      const id = name.slice(WATCH_CELLS.length);
      this.#add(watchOf(kindsOfTurn(context), id, this.#cell(id).get() as WatchCell));
    }
  }

  /** What watches say when time goes by. To be listened to before the first watch opens. */
  ticks(): Observable<Said> {
    const { world } = this.#context;
    const resumed = this.#byId.size > 0 ? of(undefined) : EMPTY;
    return merge(this.#armed, resumed).pipe(
      // The moment is in a cell: a crash in between must not put it off.
      switchMap(() => timer(Math.max(0, this.#tickAt.get() - world.now()), world.scheduler)),
      mergeMap(() => this.#tick()),
    );
  }

  /** `watch`. A refusal is thrown, or comes as an error. */
  open(request: Request, body: unknown): Observable<Said> | readonly Said[] {
    const { limits } = this.#context;
    const options = parseOptions('watch', body);
    const select = selection(request.kind, options);
    if (request.call.reply === undefined)
      throw badRequest('watch: the message has no reply subject, so events can go nowhere');
    if (this.#byId.size >= limits.watchers) {
      throw statusError(
        'TooManyRequests',
        `watch: this api-server serves ${limits.watchers} watches already; ask again later`,
        {
          retryAfterSeconds: 5,
        },
      );
    }
    if (isEvent(request.kind)) return this.#openEvents(request, options, select);
    const { resourceVersion = '' } = options;
    const whole = resourceVersion === '' || resourceVersion === '0' || options.sendInitialEvents === true;
    const began = atLeast(this.#context, resourceVersion, () =>
      whole ? this.#openHere(request, options, select) : this.#openAt(request, options, Number(resourceVersion)),
    );
    return isSaid(began) ? began : began.pipe(mergeMap((said) => said));
  }

  /** The view has moved. */
  changed(): readonly Said[] {
    if (this.#byId.size === 0) return NOTHING;
    const { view } = this.#context.world;
    const { revision } = view;
    if (revision === this.#cursor.get()) return NOTHING;
    const changes = view.since(this.#cursor.get());
    this.#cursor.set(revision);
    if (changes === undefined) {
      const objects = [...this.#byId.values()].filter(({ resource }) => resource !== EVENTS);
      return this.#expire(objects, 'the history of changes has a gap');
    }
    const told = new Map<Watch, ObjectEvent[]>();
    for (const change of changes) {
      const watches = this.#byResource.get(change.key.slice(0, change.key.indexOf('.')));
      for (const watch of watches ?? []) collect(told, watch, change.key, change as unknown as Transition);
    }
    const said = [...told].flatMap(([watch, events]) => this.#tell(watch, events, revision));
    return changes.some(({ key }) => key.startsWith(DEFINITIONS)) ? [...said, ...this.#endOutdated()] : said;
  }

  /** As in Kubernetes, a watch ends when the definition of its kind changes, or goes. */
  #endOutdated(): readonly Said[] {
    const kinds = kindsOfTurn(this.#context);
    return [...this.#byId.values()].filter((watch) => !isCurrent(kinds, watch)).map((watch) => this.#end(watch));
  }

  /** An event was written or went. */
  eventChanged(call: Call): readonly Said[] {
    const watches = this.#byResource.get(EVENTS);
    if (watches === undefined) return NOTHING;
    const change = transitionOf(call);
    if (change === undefined) return NOTHING;
    this.#eventsCursor.set(Math.max(this.#eventsCursor.get(), change.revision));
    const told = new Map<Watch, ObjectEvent[]>();
    for (const watch of watches) collect(told, watch, change.key, change);
    return [...told].flatMap(([watch, events]) => {
      const held = this.#starting.get(watch.id);
      if (held === undefined) return this.#tell(watch, events, change.revision);
      if (held.length <= this.#context.limits.initialEvents) held.push(...events); // with more it will be refused
      return NOTHING;
    });
  }

  /** What was sent as the connection was lost may have reached no reader; nor did what was republished meanwhile come here. */
  reconnected(): readonly Said[] {
    return this.#expire([...this.#byId.values()], 'the connection was lost, and events may have been missed');
  }

  /** Nobody is served any more: every reader is told where to go on, with whoever answers then. */
  stop(): readonly Said[] {
    const said = [...this.changed()];
    this.#stopping = true;
    for (const watch of this.#byId.values()) said.push(this.#end(watch));
    return said;
  }

  /** This api-server began anew: how far the watches were told that were open, nobody knows. */
  left(call: Call): readonly Said[] {
    const { world } = this.#context;
    const error = expired('the api-server that served it began anew');
    return Object.values(call.decode() as Readonly<Record<string, WatchCell>>).map((cell) =>
      world.say.event(cell.inbox, error, encodedFor(cell)),
    );
  }

  /** A reader answered a bookmark. */
  acknowledge(call: Call): void {
    const { caller, id = '' } = (call.tokens ?? {}) as { readonly caller?: string; readonly id?: string };
    if (this.#byId.get(id)?.cell.caller !== caller) return;
    const flow = this.#flow(id);
    flow.set(acknowledged(flow.get(), revisionIn(call)));
  }

  /** Begins with every object. */
  #openHere(request: Request, options: WatchOptions, select: (object: Obj) => boolean): readonly Said[] {
    const { world, limits } = this.#context;
    const { revision } = world.view;
    const all = everything(this.#context, request).filter((object) => isNamed(request, object) && select(object));
    if (all.length > limits.initialEvents) throw tooMany(limits.initialEvents);
    const watch = this.#begin(request, options, revision);
    const events = inOrder(all.map((object) => added(watch, object)));
    const told = events.length === 0 ? revision : 0;
    return [opened(this.#context, request, watch, told), ...this.#initial(watch, events, revision, options)];
  }

  /** Goes on after a revision. */
  #openAt(request: Request, options: WatchOptions, after: number): readonly Said[] {
    const { view } = this.#context.world;
    const changes = view.since(after);
    if (changes === undefined) {
      throw statusError('Expired', `watch: too old resource version: ${after}; list again and watch from there`);
    }
    const watch = this.#begin(request, options, view.revision);
    const prefix = `${watch.resource}.`;
    const events = changes.flatMap((change) =>
      change.key.startsWith(prefix) && watch.covers(change.key)
        ? (watch.tells(change as unknown as Transition) ?? [])
        : [],
    );
    return [opened(this.#context, request, watch, after), ...this.#initial(watch, events, view.revision, options)];
  }

  #openEvents(request: Request, options: WatchOptions, select: (object: Obj) => boolean): Observable<Said> {
    const after = options.sendInitialEvents === true ? 0 : Number(options.resourceVersion || 0);
    // Heard before the past is read: what is written in between may come both ways, and is told once.
    const watch = this.#begin(request, options, after);
    const held: ObjectEvent[] = [];
    this.#starting.set(watch.id, held);
    const { initialEvents } = this.#context.limits;
    const begins = (object: Obj): boolean => revisionOf(object) > after && isNamed(request, object) && select(object);
    return selectEvents(this.#context, request.namespace, begins, initialEvents).pipe(
      mergeMap(({ objects, revision }) => {
        if (!this.#byId.has(watch.id)) return NOTHING; // it has ended meanwhile
        if (Math.max(objects.length, held.length) > initialEvents) throw tooMany(initialEvents);
        this.#starting.delete(watch.id);
        const read = new Map(objects.map((object) => [keyOfObject(EVENTS, object), revisionOf(object)]));
        const later = held.filter(({ object }) => revisionOf(object) > (read.get(keyOfObject(EVENTS, object)) ?? 0));
        const events = inOrder([...objects.map((object) => added(watch, object)), ...later]);
        this.#eventsCursor.set(Math.max(revision, this.#eventsCursor.get()));
        return [
          opened(this.#context, request, watch, after),
          ...this.#initial(watch, events, this.#eventsCursor.get(), options),
        ];
      }),
      catchError((error: unknown) => {
        this.#drop(watch);
        return throwError(() => error);
      }),
    );
  }

  #begin(request: Request, options: WatchOptions, from: number): Watch {
    const { world, limits } = this.#context;
    if (this.#stopping) throw statusError('ServiceUnavailable', 'watch: this api-server is being stopped; ask again');
    const id = world.uid();
    const seconds = Math.min(options.timeoutSeconds || limits.watchSeconds, limits.watchSeconds);
    const cell: WatchCell = {
      caller: request.caller,
      inbox: request.call.reply ?? '',
      resource: (request.call.tokens as unknown as ApiTokens).resource,
      namespace: request.namespace,
      name: request.name,
      labelSelector: options.labelSelector ?? '',
      fieldSelector: options.fieldSelector ?? '',
      from,
      endsAt: world.now() + seconds * 1000,
      ...encodingOf(request.call),
    };
    const watch = watchOf(kindsOfTurn(this.#context), id, cell);
    if (this.#byId.size === 0) this.#cursor.set(world.view.revision);
    this.#cell(id).set(cell);
    if (watch.resource === EVENTS) this.#eventsWatched.set(true);
    this.#flow(id).set({ ...NO_FLOW, markAt: world.now() + limits.bookmarkEveryMs });
    this.#add(watch);
    if (this.#byId.size === 1) this.#arm();
    return watch;
  }

  /** What a watch begins with is not counted against its reader, who could not have acknowledged anything yet. */
  #initial(watch: Watch, events: readonly WatchEvent<Obj>[], revision: number, options: WatchOptions): readonly Said[] {
    const said = events.map((event) => this.#say(watch, event));
    if (options.sendInitialEvents === true) said.push(this.#say(watch, bookmark(watch, revision, INITIAL_END)));
    else if (events.length >= this.#context.limits.bookmarkEveryEvents) said.push(this.#mark(watch, revision, false));
    return said;
  }

  #tell(watch: Watch, events: readonly ObjectEvent[], revision: number): readonly Said[] {
    const { limits } = this.#context;
    const flow = this.#flow(watch.id);
    const before = flow.get();
    if (unacknowledged(before) >= limits.unacknowledged) {
      this.#drop(watch);
      return [
        this.#say(watch, expired(`${unacknowledged(before)} events were not acknowledged (answer the bookmarks)`)),
      ];
    }
    const after = { ...before, sent: before.sent + events.length };
    flow.set(after);
    const said = events.map((event) => this.#say(watch, event));
    if (sinceMark(after) >= limits.bookmarkEveryEvents) said.push(this.#mark(watch, revision, false));
    return said;
  }

  #tick(): readonly Said[] {
    const said = [...this.changed()];
    for (const watch of this.#byId.values()) said.push(...this.#lookAfter(watch));
    if (this.#byId.size > 0) this.#arm();
    else this.#tickAt.drop();
    return said;
  }

  #lookAfter(watch: Watch): readonly Said[] {
    const { world, limits } = this.#context;
    const { markAt, missed } = this.#flow(watch.id).get();
    const over = world.now() >= watch.cell.endsAt || (world.now() >= markAt && missed >= limits.missedBookmarks);
    if (over) return [this.#end(watch)];
    return world.now() >= markAt && !this.#starting.has(watch.id)
      ? [this.#mark(watch, this.#toldUpTo(watch), true)]
      : NOTHING;
  }

  #end(watch: Watch): Said {
    const revision = this.#toldUpTo(watch);
    this.#drop(watch);
    return this.#say(watch, end(watch, revision));
  }

  #toldUpTo({ id, resource, cell }: Watch): number {
    if (this.#starting.has(id)) return cell.from;
    return Math.max(cell.from, (resource === EVENTS ? this.#eventsCursor : this.#cursor).get());
  }

  #expire(watches: readonly Watch[], finding: string): readonly Said[] {
    return watches.map((watch) => {
      this.#drop(watch);
      return this.#say(watch, expired(finding));
    });
  }

  /** A bookmark that wants an answer. */
  #mark(watch: Watch, revision: number, timed: boolean): Said {
    const { world, instance, limits } = this.#context;
    const flow = this.#flow(watch.id);
    flow.set(marked(flow.get(), revision, timed, world.now() + limits.bookmarkEveryMs));
    const { caller } = watch.cell;
    const answerTo = SUBJECTS.watchAck.subject(world.self.prefix, { caller, instance, id: watch.id });
    const headers = { ...encodedFor(watch.cell), 'Troupe-Reply': answerTo };
    return world.say.event(watch.cell.inbox, bookmark(watch, revision), headers);
  }

  #say(watch: Watch, event: WatchEvent<Obj>): Said {
    return this.#context.world.say.event(watch.cell.inbox, event, encodedFor(watch.cell));
  }

  #arm(): void {
    this.#tickAt.set(this.#context.world.now() + TICK_MS);
    this.#armed.next();
  }

  #add(watch: Watch): void {
    this.#byId.set(watch.id, watch);
    const watches = this.#byResource.get(watch.resource);
    if (watches === undefined) this.#byResource.set(watch.resource, [watch]);
    else watches.push(watch);
  }

  #drop(watch: Watch): void {
    this.#byId.delete(watch.id);
    this.#starting.delete(watch.id);
    const rest = (this.#byResource.get(watch.resource) ?? []).filter(({ id }) => id !== watch.id);
    if (rest.length > 0) this.#byResource.set(watch.resource, rest);
    else {
      this.#byResource.delete(watch.resource);
      if (watch.resource === EVENTS) this.#eventsWatched.drop();
    }
    this.#cell(watch.id).drop();
    this.#flow(watch.id).drop();
  }

  #cell(id: string): Cell<WatchCell | null> {
    return this.#context.world.cell<WatchCell | null>(`${WATCH_CELLS}${id}`, null);
  }
  #flow(id: string): Cell<Flow> {
    return this.#context.world.cell<Flow>(`${FLOW}${id}`, NO_FLOW);
  }
}

const isSaid = (began: readonly Said[] | Observable<readonly Said[]>): began is readonly Said[] => Array.isArray(began);

const tooMany = (max: number): StatusError =>
  statusError(
    'RequestEntityTooLarge',
    `watch: more than ${max} objects match, which is the most that a watch begins with; list them in pages and watch from the list's resourceVersion`,
  );

/** The first message: the watch is open. */
const opened = ({ world }: Context, { call }: Request, watch: Watch, revision: number): Said =>
  world.reply(call, bookmark(watch, revision));

function encodingOf({ bytes, headers }: Call): Pick<WatchCell, 'encoding'> {
  const encoding = contentTypeOf(bytes, headers[HEADER.contentType]);
  return encoding === MSGPACK_TYPE ? {} : { encoding };
}

/** The oldest first: a reader who is cut off goes on from the last that it was told of, and misses none. */
const inOrder = (events: readonly ObjectEvent[]): readonly ObjectEvent[] =>
  [...events].sort((a, b) => revisionOf(a.object) - revisionOf(b.object));

const added = (watch: Watch, object: Obj): ObjectEvent => ({ type: 'ADDED', object: watch.present(object) });

const isNamed = ({ name }: Request, object: Obj): boolean => name === '' || object.metadata.name === name;

function collect(told: Map<Watch, ObjectEvent[]>, watch: Watch, key: string, change: Transition): void {
  if (change.revision <= watch.cell.from || !watch.covers(key)) return;
  const event = watch.tells(change);
  if (event === undefined) return;
  const events = told.get(watch);
  if (events === undefined) told.set(watch, [event]);
  else events.push(event);
}
