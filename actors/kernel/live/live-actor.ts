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

/** Largest inbox; a call beyond it is answered with 429. */
const INBOX_MAX = 16_384;
/** Least number of turns between two hashes of the state; with more cells than this, as many turns as there are cells. */
const STATE_EVERY_TURNS = 64;
/** Of a large state, characters hashed per turn on average. */
const STATE_LETTERS_A_TURN = 16;
const ESCALATE_AFTER = 5;
/** How long an actor must have run for its next failure to count as the first again. */
const CALM_MS = 10_000;

type Entry =
  | { readonly t: 'start' }
  | { readonly t: 'change' }
  | { readonly t: 'call'; readonly msg: InboundMessage }
  | { readonly t: 'latest'; readonly input: string }
  | {
      readonly t: 'answer';
      /** The core that asked. Ask ids are unique within an incarnation only, and answers to an earlier one are dropped. */
      readonly core: ActorCore;
      readonly ask: Id;
      readonly result: AskResult;
      readonly cause: Cause;
    }
  | { readonly t: 'due' };

/** One actor of a live process: its inbox, its timer and its supervision (restarts with backoff). */
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
  /** Number of the newest incarnation; kept so that two incarnations of one millisecond differ. */
  #newest = 0;
  #asker: Asker;
  #restartTimer: NodeJS.Timeout | undefined;
  #restarts = 0;
  #failuresInARow = 0;
  #checkpoints = new CheckpointSchedule(0);
  #window = new ViewWindow(0);
  #sinceState = 0;
  #refused = 0;
  readonly #unanswered = new UnansweredCalls<InboundMessage>();
  #calls = 0;
  #lastError: string | undefined;
  #stopped = false;
  /** Set by `finish`: called once the inbox is empty and no ask is open. */
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
      ...this.#unanswered.figures(),
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

  /** Delivers `msg` as the last message. Resolves when the inbox is empty and no ask is open. */
  async finish(msg: InboundMessage): Promise<void> {
    await new Promise<void>((quiet) => {
      this.#whenQuiet = quiet;
      if (this.#stopped) quiet();
      this.heardOwn(msg);
    });
  }

  /* Messages and changes. */

  /** Does the actor want messages on this input in its present state? */
  listens({ whileSet }: CallsDecl): boolean {
    return whileSet === undefined || this.#core.isCellSet(whileSet);
  }

  heard(msg: InboundMessage): void {
    const most = this.#host.options.inboxMax ?? INBOX_MAX;
    if (this.#inbox.depth >= most) {
      this.#refuse(msg, 'TooManyRequests', `${this.self.actor} has ${most} messages waiting; try again in a moment`);
      return;
    }
    this.#enqueue({ t: 'call', msg });
  }

  /** A message from its own process. It is accepted even if the inbox is full, because it is not sent again. */
  heardOwn(msg: InboundMessage): void {
    this.#enqueue({ t: 'call', msg });
  }

  /** Refuses a call that the behaviour does not see, so that the caller need not wait for its timeout. */
  #refuse(msg: InboundMessage, reason: StatusReason, message: string): void {
    this.#refused += 1;
    if (msg.reply !== undefined && msg.reply !== '') respond(msg, reason, message);
  }

  /** Refuses the calls that the ended behaviour received and did not answer. */
  #refuseUnanswered(): void {
    const { actor } = this.self;
    for (const msg of this.#unanswered.take()) {
      respond(
        msg,
        'Timeout',
        `${actor} restarted while it handled this request; it is not known whether it was carried out: read the object, then try again`,
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

  /** An idle actor takes checkpoints too while its view moves; otherwise a replay would need the history since its last turn. */
  #passOverChange(): void {
    if (!this.#pending.watches) return;
    this.#checkpoints.passedOver();
    if (this.#checkpoints.due(this.#core.turns, this.#host.ambient.now())) this.#host.wake(this);
  }

  /**
   * The cache was listed anew, so the changes in between are unknown. An actor that watches resources restarts from the
   * present state; its recording then needs no changes that were never received.
   */
  relisted(): void {
    if (this.#stopped || this.#core.violations.length > 0 || !this.#pending.watches) return;
    this.#core.stop();
    this.#refuseUnanswered();
    this.#release();
    this.#beginAnew();
  }

  /** The history has a gap before `revision`: takes a checkpoint whose view does not reach back there, so that replays can start. */
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

  /** Runs turns until the inbox is empty or `until` (by `performance.now()`). @returns whether entries are left */
  runInbox(until: number): boolean {
    for (let count = 0; ; count++) {
      const entry = this.#inbox.take();
      if (entry === undefined) break;
      this.#runEntry(entry);
      if (this.#checkpoints.overdue(this.#core.turns) && this.#core.shortAsks === 0) this.#rehearse();
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
      this.#unanswered.heard(msg);
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

  /** No behaviour runs now. Changes are dropped, because a start gets every object; calls are refused. */
  #passOver(entry: Entry): void {
    if (entry.t === 'change') this.#changeQueued = false;
    else if (entry.t === 'due') this.#due.heard();
    else if (entry.t === 'call')
      this.#refuse(
        entry.msg,
        'ServiceUnavailable',
        `${this.self.actor} failed and is restarting; try again in a moment`,
      );
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
      this.#unanswered.said(subject, unsent ?? body);
    }
    this.#host.options.recorder?.record(this.#incarnation, this.#withState(done), outcomeOf(done));
    for (const { key, error, about, passing } of done.reports) {
      if (passing === true) continue;
      const subject = about === undefined ? key : `${about} (${key})`;
      this.#note(`${subject}: ${error instanceof Error ? error.message : String(error)}`);
    }
    if ('failed' in done) this.#failed(done);
  }

  /**
   * Adds the hash of the state to some turns, so that a replay finds where its state begins to differ. The hash's cost grows
   * with the number and size of the cells, so it is taken less often for a large state.
   */
  #withState({ turn, out }: TurnDone): Turn {
    this.#sinceState += 1;
    const { cellCount, stateLetters } = this.#core;
    if (this.#sinceState < Math.max(STATE_EVERY_TURNS, cellCount, stateLetters / STATE_LETTERS_A_TURN)) return turn;
    this.#sinceState = 0;
    return turnOf({ ...turn, ...this.#core.state() }, out);
  }

  /** Position of the view. Of a scoped cache, an actor that watches nothing has none. */
  get #revision(): number {
    return this.#host.isScoped === true && !this.#pending.watches ? 0 : this.#host.cache.revision;
  }

  #cursor(): Cursor {
    return { objects: this.#revision };
  }

  /** Takes a checkpoint by restarting the behaviour from it: whatever is not in cells is lost, live as in a replay. */
  #rehearse(): void {
    if (this.#stopped || this.#core.stopped) return;
    const at = this.#host.ambient.now();
    const { cache } = this.#host;
    const checkpoint =
      this.#pending.size > 0
        ? undefined
        : this.#core.checkpoint(this.#revision === 0 ? 0 : Math.max(cache.windowStart, this.#window.at(at)));
    if (checkpoint === undefined) {
      const calls = this.#checkpoints.missed(this.#core.turns);
      if (calls === 'hold') this.#inbox.hold();
      else if (calls === 'release') this.#release();
      return;
    }
    this.#run({ t: 'start', checkpoint }, {});
    this.#window.mark(at, this.#revision);
    this.#checkpoints.taken(this.#core.turns, at);
    this.#release();
  }

  #release(): void {
    if (this.#inbox.release()) this.#host.wake(this);
  }

  /** Sets the timer for the next `due` turn; while calls are held back, also for the end of that. */
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
    const window = this.#revision; // an actor does not look back beyond its own start
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
    this.#refuseUnanswered();
    this.#release();
    const ranMs = this.#host.ambient.now() - this.#incarnation.incarnation;
    this.#failuresInARow = ranMs >= CALM_MS ? 1 : this.#failuresInARow + 1;
    if (this.#failuresInARow >= ESCALATE_AFTER && !violated) this.#escalate(error, false);
    if (violated) return; // its outputs cannot be trusted: it stays stopped until its process is restarted
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

/** The message with the old cells that a restarting actor asked for (`cells` of its declaration); `undefined` if none is set. */
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
