import { concat, defer, EMPTY, merge, type Observable, of, Subject, timer } from 'rxjs';
import { catchError, filter, ignoreElements, map, mergeMap, tap } from 'rxjs/operators';
import { StatusError, statusError } from '../../contracts/errors/status.ts';
import type { Node } from '../../contracts/kinds/kinds.ts';
import { RUNTIME_UNANSWERED, statusNote } from '../../contracts/kinds/node/node.ts';
import type { LogQuery } from '../../contracts/messages/logs.ts';
import { HEARTBEAT_MESSAGE_MAX } from '../../contracts/messages/node.ts';
import { printable } from '../../contracts/printable.ts';
import { SUBJECTS } from '../../contracts/subjects/subjects.ts';
import { doubled } from '../../contracts/time/doubling-delay.ts';
import type { Call, Json, Said } from '../kernel/contract.ts';
import { type ActorDefinition, calls, defineActor } from '../kernel/declare.ts';
import { coalesceByKey } from '../kernel/reconcile/coalesce-by-key.ts';
import { logQuery, podsMessage, refusalOf } from './feed/heard-messages.ts';
import { PodFeed } from './feed/pod-feed.ts';
import { type KubeletWorld, saysOf } from './kubelet-says.ts';
import { Alarms } from './node/alarms.ts';
import { NodeKeeper } from './node/node-keeper.ts';
import { type NodeOptions, UNANSWERED } from './node/plan-node.ts';
import { planLogs } from './pods/plan-logs.ts';
import { PodDesk } from './pods/pod-desk.ts';
import { PodSyncer } from './pods/pod-syncer.ts';
import { RuntimeView } from './pods/runtime-view.ts';
import { eventTeller } from './status/event-teller.ts';
import { StatusWriter } from './status/status-writer.ts';

const SECOND = 1000;
const HEARTBEAT_MS = SECOND;
/** So long an engine may take for its first answer before it is said to give none: whoever is not ready loses pods that tolerate nothing. */
const FIRST_ANSWER_MS = 3 * SECOND;
/** The node's status is written anew at least this often. */
const NODE_STATUS_MS = 300 * SECOND;
/** A readiness that somebody else wrote is corrected after this, and a deleted Node is made again. */
const CORRECTION_MS = 10 * SECOND;
/** Whoever may have missed that its Node was deleted looks within this; at random, so that a thousand do not look together. */
const NODE_LOOK_MS = 8 * SECOND;
/** A digest of what is held is compared with the dispatcher's this often, give or take a quarter. */
const DIGEST_MS = 60 * SECOND;
/** The runtime is listed at least this often, give or take a quarter, even if it gives no hint. */
const LIST_MS = 45 * SECOND;
/** Hints that come closer together than this share one list; more when lists are slow. */
const LIST_SPACING_MS = 200;
/** An engine may tell of a change a moment before its list shows it (Docker does): after a hint it is listed once more. */
const HINT_SETTLES_MS = 250;
/** A runtime that did not answer this many times in a row makes the node not ready. */
const LIST_FAILURES = 3;
/** A dispatcher that did not answer this many times in a row, which is for some seven seconds, is missed. */
const UNLED_TRIES = 3;

export interface KubeletOptions extends NodeOptions {
  /** Questions to the engine at once; default 16. Stops and pulls don't count. */
  readonly atOnce?: number;
}

/**
 * Runs the pods of one node: hears from the dispatcher which, plans each by itself, asks the node's runtime driver, and
 * writes what became of them. It lives through its own restart by adopting what runs.
 */
export function kubelet(options: KubeletOptions): ActorDefinition {
  const { node } = options;
  return defineActor({
    name: 'kubelet',
    config: { ...options } as unknown as Json,
    hears: {
      news: calls(SUBJECTS.nodePods, { fixed: { node } }),
      hints: calls(SUBJECTS.runtimeEvents, { fixed: { node } }),
      logs: calls(SUBJECTS.nodeLogs, { fixed: { node } }),
      back: calls(SUBJECTS.reconnected, { fixed: { instance: node } }),
      ownNode: calls(SUBJECTS.changes, { fixed: { resource: 'nodes', namespace: '', name: node } }),
    },
    says: saysOf(node),
    behave: (inputs, world): Observable<Said> => {
      const room = new Room(world, options);
      return merge(
        room.run(),
        inputs.news.pipe(mergeMap((call) => room.news(call))),
        inputs.hints.pipe(mergeMap(() => room.hint())),
        inputs.logs.pipe(mergeMap((call) => room.logs(call))),
        inputs.back.pipe(mergeMap(() => room.reconnected())),
        inputs.ownNode.pipe(mergeMap((call) => room.ownNode(call))),
      );
    },
  });
}

/** A worker starts before a dispatcher leads, and the next one leads a moment after the last: no matter for a warning yet. */
const isLedSoon = (error: unknown, failures: number): boolean =>
  failures <= UNLED_TRIES && error instanceof StatusError && error.reason === 'ServiceUnavailable';

type Chore = 'dispatch' | 'list' | 'node';

/** The parts of a kubelet, and what wakes which. */
class Room {
  readonly #world: KubeletWorld;
  readonly #nodeName: string;
  readonly #feed: PodFeed;
  readonly #desk: PodDesk;
  readonly #view = new RuntimeView();
  readonly #node: NodeKeeper;
  readonly #syncer: PodSyncer;
  readonly #writer: StatusWriter;
  readonly #pods = new Subject<string>();
  readonly #statuses = new Subject<string>();
  readonly #chores = new Subject<Chore>();
  readonly #notes = new Subject<Said>();
  readonly #podAlarms: Alarms;
  readonly #statusAlarms: Alarms;
  readonly #choreAlarms: Alarms;
  readonly #failures = { dispatch: 0, list: 0, node: 0 };
  #nextListAt = 0;
  #hintedAt = 0;

  constructor(world: KubeletWorld, options: KubeletOptions) {
    this.#world = world;
    this.#nodeName = options.node;
    this.#feed = new PodFeed(world);
    this.#desk = new PodDesk(world);
    this.#node = new NodeKeeper(world, options, this.#desk);
    this.#podAlarms = new Alarms(world);
    this.#statusAlarms = new Alarms(world);
    this.#choreAlarms = new Alarms(world);
    this.#writer = new StatusWriter({
      world,
      feed: this.#feed,
      desk: this.#desk,
      alarms: this.#statusAlarms,
      mistaken: () => this.#choreAlarms.in('dispatch', SECOND),
    });
    this.#syncer = new PodSyncer({
      world,
      feed: this.#feed,
      desk: this.#desk,
      view: this.#view,
      alarms: this.#podAlarms,
      tellEvent: eventTeller(world, options.node),
      atOnce: options.atOnce ?? 16,
      relist: () => this.#chores.next('list'),
      onStatus: (uid, plan) => {
        this.#writer.setDeletable(uid, plan.deletable);
        if (this.#writer.needs(uid, plan.verbs.length === 0)) this.#statuses.next(uid);
      },
      onForgotten: (uid) => this.#writer.forget(uid),
    });
  }

  /** Everything that goes on by itself. */
  run(): Observable<Said> {
    const chores = { dispatch: () => this.#askDispatcher(), list: () => this.#list(), node: () => this.#register() };
    const due$ = this.#choreAlarms.due$.pipe(map((chore) => chore as Chore));
    return merge(
      merge(this.#pods, this.#podAlarms.due$).pipe(coalesceByKey((uid) => this.#syncer.sync(uid))),
      merge(this.#statuses, this.#statusAlarms.due$).pipe(coalesceByKey((uid) => this.#writer.write(uid), 64)),
      merge(this.#chores, due$).pipe(coalesceByKey((chore: Chore) => chores[chore]())),
      this.#heartbeats(),
      this.#notes,
      defer(() => {
        for (const chore of ['node', 'list', 'dispatch'] as const) this.#chores.next(chore);
        return EMPTY;
      }),
    );
  }

  news(call: Call<unknown>): Observable<Said> {
    return this.#guarded(call, () => {
      const message = podsMessage(call.decode());
      const { woken, ask } = this.#told(() => this.#feed.heard(message));
      this.#wake(woken);
      if (ask) this.#chores.next('dispatch');
      return EMPTY;
    });
  }

  hint(): Observable<Said> {
    this.#hintedAt = this.#world.now();
    this.#chores.next('list');
    return EMPTY;
  }

  /** News and hints of a while are lost. */
  reconnected(): Observable<Said> {
    for (const chore of ['list', 'dispatch'] as const) this.#chores.next(chore);
    this.#lookAtNode();
    return EMPTY;
  }

  /** Takes what a dispatcher tells; where that is another one than before, nobody may have dispatched for a while, and the store be another one. */
  #told<T>(take: () => T): T {
    const { dispatcher } = this.#feed;
    const taken = take();
    if (dispatcher !== undefined && this.#feed.dispatcher !== dispatcher) {
      this.#lookAtNode();
      this.#writer.doubt();
    }
    return taken;
  }

  /** It may have been deleted, or the store be another one, and nobody have said so. */
  #lookAtNode(): void {
    this.#choreAlarms.in('node', Math.round(this.#world.random() * NODE_LOOK_MS));
  }

  ownNode(call: Call<unknown>): Observable<Said> {
    if (call.bytes.length === 0) {
      this.#node.deleted();
      this.#choreAlarms.in('node', CORRECTION_MS);
      return EMPTY;
    }
    return this.#guarded(call, () => {
      const node = call.decode() as Node;
      const told = this.#node.isRivals(node) ? this.#tellOfRival(node) : EMPTY;
      // Not at once: whoever watches heartbeats corrects it as soon as they arrive, and two writers must not race.
      if (this.#node.heard(node)) this.#choreAlarms.in('node', CORRECTION_MS);
      return told;
    });
  }

  #tellOfRival(node: Node): Observable<Said> {
    const name = this.#nodeName;
    const message = `another machine's worker calls itself ${name} too, and both run its pods; start one of them with --node and a name of its own`;
    this.#world.report('node', statusError('Conflict', message));
    const note = { type: 'Warning', reason: 'NodeNameConflict', message } as const;
    return of(eventTeller(this.#world, name)({ kind: 'Node', metadata: node.metadata ?? { name } }, note));
  }

  logs(call: Call<LogQuery>): Observable<Said> {
    const answer = defer(() => {
      const query = logQuery(call.decode());
      const dispatched = this.#feed.find(query.namespace, query.pod);
      const uid = dispatched?.pod.metadata?.uid ?? '';
      if (dispatched === undefined || (query.podUid !== undefined && query.podUid !== uid))
        throw statusError('NotFound', `pods "${query.pod}" not found on node ${this.#nodeName}`);
      const planned = planLogs(dispatched.pod, this.#desk.status(uid) ?? dispatched.pod.status ?? {}, query);
      if ('refuse' in planned) return of(planned.refuse);
      return this.#world.ask(this.#world.say.logs({}, planned.ask), { timeoutMs: 10 * SECOND });
    });
    return answer.pipe(
      map((lines): Said => this.#world.reply(call, lines)),
      catchError((error: unknown) => of<Said>(this.#world.reply(call, refusalOf(error)))),
    );
  }

  #wake(uids: Iterable<string>): void {
    for (const uid of uids) {
      this.#syncer.changed(uid);
      this.#pods.next(uid);
    }
  }

  /** A message that can't be read is reported; the next one is not held up by it. */
  #guarded(call: Call<unknown>, take: () => Observable<Said>): Observable<Said> {
    try {
      return take();
    } catch (error) {
      this.#world.report(call.subject, error);
      if (call.reply !== undefined) return of<Said>(this.#world.reply(call as Call, refusalOf(error)));
    }
    return EMPTY;
  }

  #heartbeats(): Observable<Said> {
    return defer(() => {
      const isAwaited = (): boolean => this.#node.health.unanswered === true;
      const until = this.#world.now() + FIRST_ANSWER_MS;
      const ticks$ = timer(isAwaited() ? HEARTBEAT_MS : 0, HEARTBEAT_MS, this.#world.scheduler).pipe(
        filter(() => !isAwaited() || this.#world.now() >= until),
      );
      return merge(ticks$, this.#node.flips$);
    }).pipe(map(() => this.#heartbeat()));
  }

  #heartbeat(): Said {
    const { ready, message } = this.#node.health;
    const why = ready || message === undefined ? {} : { message };
    const beat = { node: this.#nodeName, sentAt: this.#world.now(), runtimeReady: ready };
    return this.#world.say.heartbeat({}, { ...beat, pods: this.#feed.uids.length, ...why });
  }
  /** Give or take a quarter, so that a thousand nodes that began together do not ask together. */
  #about(ms: number): number {
    return Math.round(ms * (0.75 + this.#world.random() / 2));
  }

  #askDispatcher(): Observable<Said> {
    const { say } = this.#world;
    const query = { node: this.#nodeName, digest: this.#feed.digest() };
    return this.#chore(
      'dispatch',
      this.#world.ask(say.dispatch({}, query), { timeoutMs: 5 * SECOND }).pipe(
        tap((answer) => {
          const { woken, ask } = this.#told(() => this.#feed.answered(answer));
          this.#wake(woken);
          if (this.#feed.whole) this.#wake(this.#strangers());
          this.#choreAlarms.in('dispatch', ask ? SECOND : this.#about(DIGEST_MS));
        }),
      ),
    );
  }

  /** What runs here of pods that nobody told of. */
  #strangers(): readonly string[] {
    return [...this.#view.uids, ...this.#desk.uids].filter((uid) => this.#feed.get(uid) === undefined);
  }

  #list(): Observable<Said> {
    const begun = { at: 0 };
    const wait = Math.max(0, this.#nextListAt - this.#world.now());
    const paused = wait === 0 ? EMPTY : timer(wait, this.#world.scheduler).pipe(ignoreElements());
    const ask = defer(() => {
      begun.at = this.#world.now();
      const take = this.#view.beginList();
      return this.#world.ask(this.#world.say.list({}, {}), { timeoutMs: 30 * SECOND }).pipe(
        tap((listed) => {
          const first = !this.#view.known;
          const { woken, again } = take(listed);
          const took = this.#world.now() - begun.at;
          this.#nextListAt = this.#world.now() + Math.max(LIST_SPACING_MS, 3 * took);
          this.#healthy();
          this.#wake(first ? new Set([...woken, ...this.#feed.uids, ...this.#desk.uids]) : woken);
          if (again) this.#chores.next('list');
          const early = begun.at < this.#hintedAt + HINT_SETTLES_MS;
          this.#choreAlarms.in('list', early ? HINT_SETTLES_MS : this.#about(LIST_MS));
        }),
      );
    });
    return this.#chore('list', concat(paused, ask));
  }

  #healthy(): void {
    const isFirst = this.#node.health.unanswered === true;
    // The Node is being written at the start anyway, unless it could not be.
    if (this.#node.setHealth({ ready: true }) && (!isFirst || this.#failures.node > 0)) this.#chores.next('node');
  }

  #unwell(error: unknown, failures: number): void {
    const isUnanswered = failures < LIST_FAILURES;
    if (isUnanswered && this.#node.health.unanswered !== true) return;
    const finding = isUnanswered ? RUNTIME_UNANSWERED : 'container runtime is down';
    const words = `${finding}: ${error instanceof Error ? error.message : String(error)}`;
    const message = printable(words, HEARTBEAT_MESSAGE_MAX);
    if (isUnanswered) return void this.#node.setHealth({ ...UNANSWERED, message });
    if (!this.#node.setHealth({ ready: false, message })) return;
    this.#chores.next('node');
    const note = statusNote(this.#nodeName, 'NodeNotReady', message);
    this.#notes.next(eventTeller(this.#world, this.#nodeName)({ kind: 'Node', metadata: this.#node.metadata }, note));
  }

  #register(): Observable<Said> {
    const known = this.#desk.facts !== undefined;
    return this.#chore(
      'node',
      this.#node.register().pipe(
        tap(() => {
          this.#choreAlarms.in('node', NODE_STATUS_MS);
          if (!known) this.#wake([...new Set([...this.#feed.uids, ...this.#view.uids])]);
        }),
      ),
    );
  }

  /** Runs a chore; a refused one is reported and tried again, each time a little later. */
  #chore(name: Chore, work: Observable<unknown>): Observable<Said> {
    return work.pipe(
      tap({ complete: () => void (this.#failures[name] = 0) }),
      catchError((error: unknown) => {
        const failures = ++this.#failures[name];
        this.#world.report(name, error, { passing: name === 'dispatch' && isLedSoon(error, failures) });
        if (name === 'list') this.#unwell(error, failures);
        this.#choreAlarms.in(name, this.#about(doubled(500, failures, 30 * SECOND)));
        return EMPTY;
      }),
      ignoreElements(),
    );
  }
}
