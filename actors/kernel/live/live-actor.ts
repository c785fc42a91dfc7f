import { encode, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure, type StatusReason } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Change, Cursor, Id, Rec, Self, Turn } from '../contract.ts';
import type { ActorDefinition, CallsDecl, LatestDecl } from '../declare.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { backoffMs } from '../reconcile/backoff.ts';
import { ActorCore, type TurnDone } from '../turns/actor-core.ts';
import type { AskResult } from '../turns/answers.ts';
import { LATEST_HEADER } from '../turns/call-routing.ts';
import { outcomeOf } from '../turns/outcome.ts';
import { turnOf } from '../turns/outgoing.ts';
import { PendingChanges } from '../turns/pending-changes.ts';
import { encodingOfQuestion } from '../turns/replies.ts';
import { describeViolation } from '../turns/violation.ts';
import { ViewWindow } from '../view/view-window.ts';
import type { ActorStats } from './actor-stats.ts';
import { statText } from './actor-stats.ts';
import { CheckpointSchedule } from './checkpoint-schedule.ts';
import { DueTimer } from './due-timer.ts';
import type { Asker, HostServices } from './host-services.ts';
import type { InboundMessage } from './inbound-message.ts';
import { Inbox } from './inbox.ts';
import { LatestMessages } from './latest-messages.ts';
import { type Cause, causeOf, heardHeaders, namedHeaders } from './message-headers.ts';
import { UnansweredCalls } from './unanswered-calls.ts';

/** Messages that may wait in an inbox; beyond it a call is answered 429. */
const INBOX_MAX = 16_384;
/** Turns from one hash of the state to the next, at least; with more cells than this, as many turns as cells. */
const STATE_EVERY_TURNS = 64;
/** Of a large state so many letters are hashed for each turn. */
const STATE_LETTERS_A_TURN = 16;
const ESCALATE_AFTER = 5;
/** How long an actor must have run for its next failure to be the first in a row again. */
const CALM_MS = 10_000;

type Entry =
  | { readonly t: 'start' }
  | { readonly t: 'change' }
  | { readonly t: 'call'; readonly msg: InboundMessage }
  | { readonly t: 'latest'; readonly input: string }
  | {
      readonly t: 'answer';
      /** Who asked: ids are of an incarnation, and what an earlier one asked is no longer waited for. */
      readonly core: ActorCore;
      readonly ask: Id;
      readonly result: AskResult;
      readonly cause: Cause;
    }
  | { readonly t: 'due' };

/** One actor of a live process: its inbox, its clock, its supervisor. */
export class LiveActor {
  readonly definition: ActorDefinition;
  readonly self: Self;
  readonly #host: HostServices;
  readonly #from: string;
  readonly #pending: PendingChanges;
  readonly #latest = new LatestMessages((input) => this.#enqueue({ t: 'latest', input }));
  readonly #inbox = new Inbox<Entry>(({ t }) => t === 'call' || t === 'latest');
  readonly #due: DueTimer;
  #changeQueued = false;
  #core: ActorCore;
  #incarnation: Incarnation;
  /** Number of the newest incarnation: two that begin within a millisecond differ too. */
  #newest = 0;
  #asker: Asker;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failuresInARow = 0;
  #checkpoints = new CheckpointSchedule(0);
  #window = new ViewWindow(0);
  #sinceState = 0;
  #refused = 0;
  readonly #inHand = new UnansweredCalls<InboundMessage>();
  #calls = 0;
  #lastError: string | undefined;
  #stopped = false;
  /** Set while it says its last words: to be called once nothing waits for it, nor it for anything. */
  #whenQuiet: (() => void) | undefined;

  constructor(host: HostServices, definition: ActorDefinition, instance: string, epoch: number | undefined) {
    this.#host = host;
    this.definition = definition;
    const { caller, prefix } = host.options;
    this.self = { actor: definition.name, instance, caller, prefix, ...(epoch === undefined ? {} : { epoch }) };
    this.#from = `${definition.name}/${instance}`;
    this.#pending = new PendingChanges(definition.hears, (start) => this.#core.isAnyCellSet(start));
    this.#due = new DueTimer(
      () => host.ambient.now(),
      () => this.#enqueue({ t: 'due' }),
    );
    [this.#core, this.#incarnation, this.#asker] = this.#incarnate();
  }

  stats(): ActorStats {
    return {
      actor: this.self.actor,
      instance: this.self.instance,
      turns: this.#core.turns,
      queueDepth: this.#inbox.depth,
      lagMs: this.#inbox.lagMs,
      openAsks: this.#core.openAsks,
      restarts: this.#restarts,
      refused: this.#refused,
      ...this.#inHand.figures(),
      ...(this.#lastError === undefined ? {} : { lastError: this.#lastError }),
      ...(this.self.epoch === undefined ? {} : { epoch: this.self.epoch }),
    };
  }

  start(): void {
    this.#enqueue({ t: 'start' });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#core.stop();
    this.#due.stop();
    clearTimeout(this.#restartTimer);
    this.#latest.stop();
    await this.#host.options.recorder?.flush();
  }

  /** The last that it hears besides answers. Resolves when it has heard all and waits for none. */
  async finish(msg: InboundMessage): Promise<void> {
    await new Promise<void>((quiet) => {
      this.#whenQuiet = quiet;
      if (this.#stopped) quiet();
      this.heardOwn(msg);
    });
  }

  /* What reaches the inbox. */

  /** Does what this input would bring say anything to it, as it is now? */
  listens({ whileSet }: CallsDecl): boolean {
    return whileSet === undefined || this.#core.isCellSet(whileSet);
  }

  heard(msg: InboundMessage): void {
    const most = this.#host.options.inboxMax ?? INBOX_MAX;
    if (this.#inbox.depth >= most) {
      this.#refuse(msg, 'TooManyRequests', `${this.self.actor} has ${most} messages waiting; ask again in a moment`);
      return;
    }
    this.#enqueue({ t: 'call', msg });
  }

  /** News of its own process, which nobody could tell it again: a full inbox refuses those who ask, not this. */
  heardOwn(msg: InboundMessage): void {
    this.#enqueue({ t: 'call', msg });
  }

  /** A question that the behaviour never sees; whoever asked is told at once, not left to wait. */
  #refuse(msg: InboundMessage, reason: StatusReason, message: string): void {
    this.#refused += 1;
    if (msg.reply !== undefined && msg.reply !== '') respond(msg, reason, message);
  }

  /** What the behaviour heard and did not answer, it never will. */
  #letGo(): void {
    const { actor } = this.self;
    for (const msg of this.#inHand.take()) {
      respond(
        msg,
        'Timeout',
        `${actor} began anew with this in hand; whether it was done is not known: read, then ask again`,
      );
    }
  }

  heardLatest(input: string, msg: InboundMessage): void {
    const { everyMs } = this.definition.hears[input] as LatestDecl;
    this.#latest.heard(input, everyMs, msg);
  }

  noteChange(change: Change): void {
    if (this.#stopped) return;
    if (!this.#pending.note(change)) this.#passOverChange();
    else if (!this.#changeQueued) {
      this.#changeQueued = true;
      this.#host.wakeToChanges(this);
    }
  }

  tellChanges(): void {
    this.#enqueue({ t: 'change' });
  }

  /** Who rests while others work takes checkpoints all the same: a replay would have to begin where it last had a turn. */
  #passOverChange(): void {
    if (!this.#pending.watches) return;
    this.#checkpoints.passedOver();
    if (this.#checkpoints.due(this.#core.turns, this.#host.ambient.now())) this.#host.wake(this);
  }

  /**
   * The cache jumped: it knows what is, not how it came about. Whoever watches begins anew from what is, so that its
   * recording, too, never has to tell what nobody heard.
   */
  relisted(): void {
    if (this.#stopped || this.#core.violations.length > 0 || !this.#pending.watches) return;
    this.#core.stop();
    this.#letGo();
    this.#release();
    this.#beginAnew();
  }

  /** The history has lost something before that revision: a checkpoint that does not look back there lets a replay go on. */
  forgetBefore(revision: number): void {
    this.#window.forgetBefore(revision);
    this.#checkpoints.want();
    this.#host.wake(this);
  }

  #enqueue(entry: Entry): void {
    if (this.#stopped) return;
    this.#inbox.push(entry);
    this.#host.wake(this);
  }

  /* Turns. */

  /** Runs turns until the inbox is empty or `until` (by `performance.now()`). @returns whether something is left */
  runInbox(until: number): boolean {
    for (let count = 0; ; count++) {
      const entry = this.#inbox.take();
      if (entry === undefined) break;
      this.#runEntry(entry);
      if ((count & 7) === 7 && performance.now() >= until) break;
    }
    if (this.#checkpoints.due(this.#core.turns, this.#host.ambient.now())) this.#rehearse();
    this.#setDue();
    if (this.#inbox.depth === 0 && !this.#changeQueued && this.#core.openAsks === 0) this.#whenQuiet?.();
    return !this.#inbox.isEmpty;
  }

  #runEntry(entry: Entry): void {
    if (this.#stopped) return;
    if (entry.t === 'start') this.#startFresh();
    else if (this.#core.stopped || this.#core.turns === 0) this.#passOver(entry);
    else if (entry.t === 'change') {
      this.#changeQueued = false;
      const { keys, before } = this.#pending.take();
      if (keys.length > 0) this.#run({ t: 'change', keys }, {}, before);
    } else if (entry.t === 'call') {
      const { msg } = entry;
      const named = namedHeaders(msg);
      const id = named[HEADER.id] ?? `call-${++this.#calls}`;
      this.#inHand.heard(msg);
      this.#run({ t: 'call', id, subject: msg.subject, headers: heardHeaders(msg), body: msg.data }, causeOf(named));
    } else if (entry.t === 'latest') {
      const messages = this.#latest.take(entry.input).map((msg) => [msg.subject, msg.data]);
      this.#run(
        {
          t: 'call',
          id: `call-${++this.#calls}`,
          subject: `latest.${entry.input}`,
          headers: { [LATEST_HEADER]: entry.input },
          body: encodeMsgpack(messages),
        },
        {},
      );
    } else if (entry.t === 'answer') {
      if (entry.core === this.#core && this.#core.isAskOpen(entry.ask))
        this.#run({ t: 'answer', ask: entry.ask, result: entry.result }, entry.cause);
    } else {
      this.#due.heard();
      this.#run({ t: 'due' }, {});
    }
  }

  /** There is no behaviour to hear it, or not yet: a start will be told of every object, so that no change is lost. */
  #passOver(entry: Entry): void {
    if (entry.t === 'change') this.#changeQueued = false;
    else if (entry.t === 'due') this.#due.heard();
    else if (entry.t === 'call')
      this.#refuse(entry.msg, 'ServiceUnavailable', `${this.self.actor} failed and starts anew; ask again in a moment`);
  }

  #startFresh(): void {
    this.#run({ t: 'start' }, {});
    if (this.#pending.noteAll(this.#host.cache) && !this.#changeQueued) {
      this.#changeQueued = true;
      this.#enqueue({ t: 'change' });
    }
  }

  #run(rec: Rec, cause: Cause, before?: ReadonlyMap<string, Change['before']>): void {
    const done = this.#core.run(
      rec,
      this.#host.ambient.now(),
      this.#cursor(),
      before === undefined ? undefined : (key) => before.get(key),
    );
    for (const out of done.out) {
      const { subject, body } = out.said;
      const from = { name: this.#from, incarnation: this.#incarnation.incarnation };
      const unsent = this.#host.send(out, from, cause, this.#asker);
      this.#inHand.said(subject, unsent ?? body);
    }
    this.#host.options.recorder?.record(this.#incarnation, this.#withState(done), outcomeOf(done, { reports: true }));
    for (const { key, error, about, passing } of done.reports) {
      if (passing === true) continue;
      const subject = about === undefined ? key : `${about} (${key})`;
      this.#note(`${subject}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if ('failed' in done) this.#failed(done);
  }

  /** Now and then a turn says what state it left, so that a replay sees where the state went astray. A hash costs by the cell and its length. */
  #withState({ turn, out }: TurnDone): Turn {
    this.#sinceState += 1;
    const { cellCount, stateLetters } = this.#core;
    if (this.#sinceState < Math.max(STATE_EVERY_TURNS, cellCount, stateLetters / STATE_LETTERS_A_TURN)) return turn;
    this.#sinceState = 0;
    return turnOf({ ...turn, ...this.#core.state() }, out);
  }

  #cursor(): Cursor {
    return { objects: this.#host.cache.revision };
  }

  /** A checkpoint is a rehearsed crash: what is not in cells is gone, live as in replay. */
  #rehearse(): void {
    if (this.#stopped || this.#core.stopped) return;
    const at = this.#host.ambient.now();
    const { cache } = this.#host;
    const checkpoint =
      this.#pending.size > 0 ? undefined : this.#core.checkpoint(Math.max(cache.windowStart, this.#window.at(at)));
    if (checkpoint === undefined) {
      const calls = this.#checkpoints.missed(this.#core.turns);
      if (calls === 'hold') this.#inbox.hold();
      else if (calls === 'release') this.#release();
      return;
    }
    this.#run({ t: 'start', checkpoint }, {});
    this.#window.mark(at, cache.revision);
    this.#checkpoints.taken(this.#core.turns, at);
    this.#release();
  }

  #release(): void {
    if (this.#inbox.release()) this.#host.wake(this);
  }

  /** The next turn for timers; while calls are held back also one that ends this. */
  #setDue(): void {
    const due = this.#core.stopped ? undefined : this.#core.nextDue;
    if (!this.#inbox.isHolding) return this.#due.set(due);
    const holdEnds = this.#host.ambient.now() + this.#checkpoints.holdMs;
    this.#due.set(Math.min(due ?? holdEnds, holdEnds));
  }

  /* Supervision. */

  #incarnate(): [ActorCore, Incarnation, Asker] {
    const { options, ambient, cache } = this.#host;
    const seed = ambient.seed();
    const window = cache.revision; // an actor looks back to its own beginning, and no further
    this.#window = new ViewWindow(window);
    const now = ambient.now();
    this.#checkpoints = new CheckpointSchedule(now);
    const core = new ActorCore(this.definition, {
      self: this.self,
      view: cache,
      seed,
      window,
      freeze: options.freeze ?? false,
      onViolation: (violation) => {
        options.log(`error: ${describeViolation(violation)}`);
        this.#escalate(new Error(describeViolation(violation)), true);
      },
    });
    const incarnation: Incarnation = {
      self: this.self,
      incarnation: Math.max(now, this.#newest + 1),
      config: this.definition.config,
      seed,
      window,
      node: process.versions.node,
      icu: process.versions['icu'] ?? '',
      build: options.build,
      driver: false,
      selective: true,
      reports: true,
    };
    this.#newest = incarnation.incarnation;
    const answered: Asker['answered'] = (ask, result, cause) =>
      this.#enqueue({ t: 'answer', core, ask, result, cause });
    return [core, incarnation, { answered }];
  }

  #note(error: string): void {
    this.#lastError = statText(error);
    this.#host.options.log(`warning: ${this.#from}: ${error}`);
  }

  #escalate(error: unknown, stopped: boolean): void {
    const { actor, instance } = this.self;
    this.#host.options.onEscalation?.({ actor, instance, error, stopped });
  }

  #failed(done: TurnDone): void {
    const error = done.failed;
    this.#note(
      `turn ${done.turn.n} failed: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    const violated = this.#core.violations.length > 0;
    this.#core.stop();
    this.#letGo();
    this.#release();
    const ranMs = this.#host.ambient.now() - this.#incarnation.incarnation;
    this.#failuresInARow = ranMs >= CALM_MS ? 1 : this.#failuresInARow + 1;
    if (this.#failuresInARow >= ESCALATE_AFTER && !violated) this.#escalate(error, false);
    if (violated) return; // its outputs can't be trusted: it stays down until its process is restarted
    const inMs = Math.min(60_000, backoffMs(this.#failuresInARow, Math.random) * 20);
    this.#restartTimer = setTimeout(() => this.#beginAnew(), inMs);
  }

  #beginAnew(): void {
    clearTimeout(this.#restartTimer);
    const left = leftBy(this.#core);
    [this.#core, this.#incarnation, this.#asker] = this.#incarnate();
    this.#restarts += 1;
    this.#enqueue({ t: 'start' });
    if (left !== undefined) this.heardOwn(left);
  }
}

const respond = (msg: InboundMessage, reason: StatusReason, message: string): boolean =>
  msg.respond(
    encode(failure(reason, message, { retryAfterSeconds: 1 }), encodingOfQuestion(msg.data, namedHeaders(msg))),
  );

/** What an actor that begins anew is told of its cells; `undefined` when there is nothing in them that it wants to know. */
function leftBy(core: ActorCore): InboundMessage | undefined {
  const { prefix, instance } = core.self;
  const wanted = Object.values(core.definition.hears).flatMap((heard) =>
    heard.hear === 'calls' && heard.cells !== undefined ? [heard.cells] : [],
  );
  const cells = Object.entries(core.cellValues()).filter(([name]) => wanted.some((start) => name.startsWith(start)));
  if (cells.length === 0) return undefined;
  const data = encodeMsgpack(Object.fromEntries(cells));
  return { subject: SUBJECTS.left.subject(prefix, { instance }), data, respond: () => false };
}
