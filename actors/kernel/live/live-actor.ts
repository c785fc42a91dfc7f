import { encode, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure } from '../../../contracts/errors/status.ts';
import { HEADER } from '../../../contracts/headers.ts';
import type { Change, Cursor, Id, Rec, Self, Turn } from '../contract.ts';
import type { ActorDefinition, LatestDecl } from '../declare.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { backoffMs } from '../reconcile/backoff.ts';
import type { AskResult } from '../turns/answers.ts';
import { ActorCore, type TurnDone } from '../turns/core.ts';
import { LATEST_HEADER, REPLY_HEADER } from '../turns/heard-calls.ts';
import { PendingChanges, watchedResources } from '../turns/pending-changes.ts';
import { encodingOfQuestion } from '../turns/replies.ts';
import { describeViolation } from '../turns/violation.ts';
import { ViewWindow } from '../view/view-window.ts';
import { AnswerTimes } from './answer-times.ts';
import { type Asker, type HostServices, plainHeaders } from './host-services.ts';
import type { InboundMessage } from './message.ts';
import { type Cause, causeOf, heardHeaders } from './message-headers.ts';

/** Messages that may wait in an inbox; beyond it a call is answered 429. */
const INBOX_MAX = 16_384;
const CHECKPOINT_TURNS = 4_096;
/** A quiet actor's checkpoints, so that no part of a recording is far from a start that it can be played from. */
const CHECKPOINT_MS = 900_000;
/** Turns from one hash of the state to the next, at least; with more cells than this, as many turns as cells. */
const STATE_EVERY_TURNS = 64;
/** Of a large state so many letters are hashed for each turn. */
const STATE_LETTERS_A_TURN = 64;
/** How long calls may be held back so that the asks in flight end and a checkpoint can be taken. */
const QUIESCE_MS = 100;
const QUIESCE_MS_MAX = 400;
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

/** Figures that an actor's micro service shows. */
export interface ActorStats {
  readonly actor: string;
  readonly instance: string;
  readonly turns: number;
  readonly queueDepth: number;
  /** Milliseconds that the oldest entry of the inbox has waited. */
  readonly lagMs: number;
  readonly openAsks: number;
  readonly restarts: number;
  readonly refused: number;
  /** Questions answered, and how many of those answers were refusals. */
  readonly answered: number;
  readonly errors: number;
  /** Mean time from a question's turn to its answer, milliseconds, weighted towards the latest. */
  readonly answerMs: number;
  readonly lastError?: string;
  readonly epoch?: number;
}

/** One actor of a live process: its inbox, its clock, its supervisor. */
export class LiveActor {
  readonly definition: ActorDefinition;
  readonly self: Self;
  readonly #host: HostServices;
  readonly #from: string;
  readonly #pending: PendingChanges;
  readonly #latest = new Map<string, Map<string, InboundMessage>>();
  readonly #latestTimers = new Map<string, NodeJS.Timeout>();
  #inbox: Entry[] = [];
  #head = 0;
  #held: Entry[] = [];
  #holdUntil = 0;
  #changeQueued = false;
  #core: ActorCore;
  #incarnation: Incarnation;
  /** Number of the newest incarnation: two that begin within a millisecond differ too. */
  #newest = 0;
  #asker: Asker;
  #dueTimer: NodeJS.Timeout | undefined;
  #dueAt: number | undefined;
  /** The inbox holds a turn for timers already. */
  #dueQueued = false;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failuresInARow = 0;
  #lastCheckpoint = 0;
  #checkpointAt = 0;
  #window = new ViewWindow(0);
  #quiesceMs = QUIESCE_MS;
  /** Turns from which on calls may be held back again. */
  #holdAfter = 0;
  #sinceState = 0;
  #refused = 0;
  readonly #answers = new AnswerTimes();
  #calls = 0;
  #waitingSince = 0;
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
    this.#pending = new PendingChanges(watchedResources(definition.hears));
    [this.#core, this.#incarnation, this.#asker] = this.#incarnate();
  }

  stats(): ActorStats {
    const depth = this.#inbox.length - this.#head + this.#held.length;
    return {
      actor: this.self.actor,
      instance: this.self.instance,
      turns: this.#core.turns,
      queueDepth: depth,
      lagMs: depth === 0 ? 0 : Math.round(performance.now() - this.#waitingSince),
      openAsks: this.#core.openAsks,
      restarts: this.#restarts,
      refused: this.#refused,
      ...this.#answers.figures(),
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
    clearTimeout(this.#dueTimer);
    clearTimeout(this.#restartTimer);
    for (const timer of this.#latestTimers.values()) clearTimeout(timer);
    await this.#host.options.recorder?.flush();
  }

  /** The last that it hears besides answers. Resolves when it has heard all and waits for none, or after `withinMs`. */
  async finish(msg: InboundMessage, withinMs: number): Promise<void> {
    await new Promise<void>((quiet) => {
      const timer = setTimeout(quiet, withinMs);
      this.#whenQuiet = () => {
        clearTimeout(timer);
        quiet();
      };
      if (this.#stopped) this.#whenQuiet();
      this.heardOwn(msg);
    });
  }

  /* What reaches the inbox. */

  heard(msg: InboundMessage): void {
    const most = this.#host.options.inboxMax ?? INBOX_MAX;
    if (this.#inbox.length - this.#head + this.#held.length >= most) {
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
  #refuse(msg: InboundMessage, reason: 'TooManyRequests' | 'ServiceUnavailable', message: string): void {
    this.#refused += 1;
    if (msg.reply === undefined || msg.reply === '') return;
    msg.respond(
      encode(failure(reason, message, { retryAfterSeconds: 1 }), encodingOfQuestion(msg.data, plainHeaders(msg))),
    );
  }

  heardLatest(input: string, msg: InboundMessage): void {
    const newest = this.#latest.get(input) ?? new Map<string, InboundMessage>();
    this.#latest.set(input, newest);
    newest.set(msg.subject, msg);
    if (this.#latestTimers.has(input)) return;
    const { everyMs } = this.definition.hears[input] as LatestDecl;
    this.#latestTimers.set(
      input,
      setTimeout(() => {
        this.#latestTimers.delete(input);
        this.#enqueue({ t: 'latest', input });
      }, everyMs),
    );
  }

  noteChange(change: Change): void {
    if (this.#stopped || !this.#pending.note(change) || this.#changeQueued) return;
    this.#changeQueued = true;
    this.#enqueue({ t: 'change' });
  }

  /**
   * The cache jumped: it knows what is, not how it came about. Whoever watches begins anew from what is, so that its
   * recording, too, never has to tell what nobody heard.
   */
  relisted(): void {
    if (this.#stopped || this.#core.violations.length > 0 || !this.#pending.watches) return;
    this.#core.stop();
    this.#release();
    this.#beginAnew();
  }

  #enqueue(entry: Entry): void {
    if (this.#stopped) return;
    if (this.#head === this.#inbox.length) this.#waitingSince = performance.now();
    this.#inbox.push(entry);
    this.#host.wake(this);
  }

  /* Turns. */

  /** Runs turns until the inbox is empty or `until` (by `performance.now()`). @returns whether something is left */
  runInbox(until: number): boolean {
    for (let count = 0; ; count++) {
      const entry = this.#next();
      if (entry === undefined) break;
      this.#runEntry(entry);
      if ((count & 7) === 7 && performance.now() >= until) break;
    }
    if (this.#checkpointDue()) this.#rehearse();
    this.#armDue();
    const isQuiet = this.#head === this.#inbox.length && this.#held.length === 0 && this.#core.openAsks === 0;
    if (isQuiet) this.#whenQuiet?.();
    return this.#head < this.#inbox.length;
  }

  #next(): Entry | undefined {
    while (this.#head < this.#inbox.length) {
      const entry = this.#inbox[this.#head] as Entry;
      this.#inbox[this.#head] = undefined as unknown as Entry;
      this.#head += 1;
      if (this.#head === this.#inbox.length) {
        this.#inbox = [];
        this.#head = 0;
      } else if (this.#head > 1024) {
        this.#inbox = this.#inbox.slice(this.#head);
        this.#head = 0;
      }
      if (this.#holdUntil > 0 && (entry.t === 'call' || entry.t === 'latest')) this.#held.push(entry);
      else return entry;
    }
    return undefined;
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
      const headers = plainHeaders(entry.msg);
      const id = headers[HEADER.id] ?? `call-${++this.#calls}`;
      if (headers[REPLY_HEADER] !== undefined) this.#answers.asked(id);
      this.#run(
        { t: 'call', id, subject: entry.msg.subject, headers: heardHeaders(headers), body: entry.msg.data },
        causeOf(headers),
      );
    } else if (entry.t === 'latest') {
      const newest = this.#latest.get(entry.input);
      this.#latest.delete(entry.input);
      const messages = [...(newest?.values() ?? [])].map((msg) => [msg.subject, msg.data]);
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
      this.#dueQueued = false;
      this.#run({ t: 'due' }, {});
    }
  }

  /** There is no behaviour to hear it, or not yet: a start will be told of every object, so that no change is lost. */
  #passOver(entry: Entry): void {
    if (entry.t === 'change') this.#changeQueued = false;
    else if (entry.t === 'due') this.#dueQueued = false;
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
    this.#host.options.recorder?.record(this.#incarnation, this.#withState(done.turn), done.out);
    for (const out of done.out) {
      if (out.said.call !== undefined) this.#answers.answered(out.said.call, out.said.body);
      this.#host.send(out, { name: this.#from, incarnation: this.#incarnation.incarnation }, cause, this.#asker);
    }
    for (const { key, error } of done.reports)
      this.#note(`${key}: ${error instanceof Error ? error.message : String(error)}`);
    if ('failed' in done) this.#failed(done);
  }

  /** Now and then a turn says what state it left, so that a replay sees where the state went astray. A hash costs by the cell and its length. */
  #withState(turn: Turn): Turn {
    this.#sinceState += 1;
    const { cellCount, stateLetters } = this.#core;
    if (this.#sinceState < Math.max(STATE_EVERY_TURNS, cellCount, stateLetters / STATE_LETTERS_A_TURN)) return turn;
    this.#sinceState = 0;
    return { ...turn, ...this.#core.state() };
  }

  #cursor(): Cursor {
    return { objects: this.#host.cache.revision };
  }

  #checkpointDue(): boolean {
    const turns = this.#core.turns - this.#lastCheckpoint;
    return turns >= CHECKPOINT_TURNS || (turns > 0 && this.#host.ambient.now() - this.#checkpointAt >= CHECKPOINT_MS);
  }

  /**
   * A checkpoint is a rehearsed crash: what is not in cells is gone, live as in replay. It waits for a moment without an
   * open ask. Such a moment is made by holding calls back for a while; where that fails, the next one that comes by itself
   * is taken, and calls are held back again, for longer, only after as many turns more.
   */
  #rehearse(): void {
    if (this.#stopped || this.#core.stopped) return;
    const at = this.#host.ambient.now();
    const { cache } = this.#host;
    const checkpoint =
      this.#pending.size > 0 ? undefined : this.#core.checkpoint(Math.max(cache.windowStart, this.#window.at(at)));
    if (checkpoint !== undefined) {
      this.#run({ t: 'start', checkpoint }, {});
      this.#window.mark(at, cache.revision);
      this.#checkpointAt = at;
      this.#lastCheckpoint = this.#core.turns;
      this.#quiesceMs = QUIESCE_MS;
      this.#holdAfter = 0;
      this.#release();
      return;
    }
    const now = performance.now();
    if (this.#holdUntil > 0) {
      if (now < this.#holdUntil) return;
      this.#quiesceMs = Math.min(2 * this.#quiesceMs, QUIESCE_MS_MAX);
      this.#holdAfter = this.#core.turns + CHECKPOINT_TURNS;
      this.#release();
    } else if (this.#core.turns >= this.#holdAfter) this.#holdUntil = now + this.#quiesceMs;
  }

  /** What was held back comes before what came later. */
  #release(): void {
    this.#holdUntil = 0;
    const held = this.#held;
    this.#held = [];
    if (held.length === 0) return;
    this.#inbox = [...held, ...this.#inbox.slice(this.#head)];
    this.#head = 0;
    this.#host.wake(this);
  }

  #armDue(): void {
    if (this.#dueQueued) return;
    const due = this.#core.stopped ? undefined : this.#core.nextDue;
    const at =
      this.#holdUntil > 0 ? Math.min(due ?? Number.POSITIVE_INFINITY, this.#host.ambient.now() + this.#quiesceMs) : due;
    if (at === this.#dueAt) return;
    clearTimeout(this.#dueTimer);
    this.#dueAt = at;
    if (at === undefined) return;
    const inMs = Math.min(Math.max(0, at - this.#host.ambient.now()), 0x7fff_ffff);
    this.#dueTimer = setTimeout(() => {
      this.#dueAt = undefined;
      this.#dueQueued = true;
      this.#enqueue({ t: 'due' });
    }, inMs);
  }

  /* Supervision. */

  #incarnate(): [ActorCore, Incarnation, Asker] {
    const { options, ambient, cache } = this.#host;
    const seed = ambient.seed();
    const window = cache.revision; // an actor looks back to its own beginning, and no further
    this.#window = new ViewWindow(window);
    const now = ambient.now();
    this.#checkpointAt = now;
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
    };
    this.#newest = incarnation.incarnation;
    const answered: Asker['answered'] = (ask, result, cause) =>
      this.#enqueue({ t: 'answer', core, ask, result, cause });
    return [core, incarnation, { answered }];
  }

  #note(error: string): void {
    this.#lastError = error;
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
    [this.#core, this.#incarnation, this.#asker] = this.#incarnate();
    this.#restarts += 1;
    this.#lastCheckpoint = 0;
    this.#holdAfter = 0;
    this.#enqueue({ t: 'start' });
  }
}
