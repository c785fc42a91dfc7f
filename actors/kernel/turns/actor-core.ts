import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import type { KubeObject } from '../../../contracts/kinds/kinds.ts';
import type { Key } from '../../../contracts/store/keys.ts';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import type {
  AskId,
  AskOptions,
  Checkpoint,
  Cursor,
  Id,
  Json,
  Millis,
  Rec,
  ReportNote,
  Said,
  Self,
  Turn,
  View,
  World,
} from '../contract.ts';
import type { ActorDefinition } from '../declare.ts';
import { hashOf } from '../journal/hash.ts';
import { holdsSecret } from '../journal/secrecy.ts';
import { inputsOf, routeCall, unmatchedSubject } from './call-routing.ts';
import { Cells } from './cells.ts';
import { changedByResource, changesFor } from './changed-objects.ts';
import { DerivedIndexes } from './derived-indexes.ts';
import { mutationIn } from './freeze.ts';
import { guardedView } from './guarded-view.ts';
import { OpenAsks } from './open-asks.ts';
import { type Outgoing, outgoing, turnOf } from './outgoing.ts';
import { Random } from './random.ts';
import { replyTo } from './replies.ts';
import { sayFunctions } from './say-functions.ts';
import { TurnScheduler } from './turn-scheduler.ts';
import { turnsInProgress } from './turns-in-progress.ts';
import { type Violation, ViolationError, violationOf } from './violation.ts';

/** An error that a behaviour reported for one key. */
export interface Report extends ReportNote {
  readonly key: string;
  readonly error: unknown;
}

export interface TurnDone {
  readonly turn: Turn;
  readonly out: readonly Outgoing[];
  /** Errors that the behaviour reported in this turn. */
  readonly reports: readonly Report[];
  /** Why the behaviour failed or ended; its supervisor decides what happens next. */
  readonly failed?: unknown;
}

export interface CoreOptions {
  readonly self: Self;
  readonly view: View;
  /** Four 32-bit numbers; in a live world from the operating system. Recorded. */
  readonly seed: readonly number[];
  /** Oldest revision from which the view's `since` answers, until a checkpoint changes it. */
  readonly window?: number;
  /** Deep-freeze values that behaviours put into cells (tests, simulation). */
  readonly freeze?: boolean;
  readonly onViolation?: (violation: Violation) => void;
}

/**
 * Runs one actor's behaviour turn by turn. Synchronous and deterministic: the same records with the same views, clock and
 * seed give the same outputs, whether live, in tests or in a replay.
 */
export class ActorCore {
  readonly definition: ActorDefinition;
  readonly self: Self;
  readonly violations: Violation[] = [];
  readonly #options: CoreOptions;
  readonly #view: View;
  readonly #scheduler: TurnScheduler;
  readonly #cells: Cells;
  readonly #indexes: DerivedIndexes;
  readonly #asks = new OpenAsks();
  readonly #world: World<unknown>;
  #random: Random;
  #now: Millis = 0;
  #turn = 0;
  #stateLetters = 0;
  #inTurn = false;
  #stopped = false;
  #breached = false;
  #began: 'fresh' | 'resumed' = 'fresh';
  #inputs: Record<string, Subject<never>> = {};
  #subscription: Subscription | undefined;
  #out: Outgoing[] = [];
  #reports: Report[] = [];
  #failed: { error: unknown } | undefined;
  #cursor: Cursor = {};
  #window: number;

  constructor(definition: ActorDefinition, options: CoreOptions) {
    const inTurn = (what: string) => this.#mustBeInTurn(what);
    this.definition = definition;
    this.self = options.self;
    this.#options = options;
    this.#view = guardedView(
      options.view,
      () => inTurn('view'),
      () => this.#window,
    );
    this.#window = options.window ?? 0;
    this.#random = new Random(options.seed);
    this.#scheduler = new TurnScheduler(
      () => this.#now,
      () => inTurn('scheduler'),
    );
    this.#cells = new Cells(inTurn, options.freeze === true);
    this.#indexes = new DerivedIndexes(options.view, this.#view);
    this.#world = this.#makeWorld(inTurn);
  }

  get turns(): number {
    return this.#turn;
  }
  get stopped(): boolean {
    return this.#stopped;
  }
  get openAsks(): number {
    return this.#asks.size;
  }
  /** Open asks that a checkpoint waits for. */
  get shortAsks(): number {
    return this.#asks.short;
  }
  get nextDue(): Millis | undefined {
    return this.#scheduler.nextDue;
  }
  /** Pending timers, the next one first. */
  get timers(): ReturnType<TurnScheduler['timers']> {
    return this.#scheduler.timers();
  }
  isAskOpen(ask: AskId): boolean {
    return this.#asks.has(ask);
  }
  cellValues(): Readonly<Record<string, Json>> {
    return this.#cells.values();
  }
  /** Characters that the last `state()` hashed: a measure of its cost. */
  get stateLetters(): number {
    return this.#stateLetters;
  }
  isCellSet(name: string): boolean {
    return this.#cells.has(name);
  }
  isAnyCellSet(start: string): boolean {
    return this.#cells.hasAny(start);
  }
  /** How many cells are set. */
  get cellCount(): number {
    return this.#cells.size;
  }
  /** Hash of the actor's state: its cells and its random generator. */
  state(): Required<Pick<Turn, 'state' | 'stateHoldsSecret'>> {
    const cells = this.#cells.canonical();
    this.#stateLetters = cells.length;
    return { state: hashOf(cells, this.#random.state.join()), stateHoldsSecret: holdsSecret(Buffer.from(cells)) };
  }

  /**
   * The state from which the behaviour can be restarted. Call it only between turns.
   * @returns `undefined` while an ask is open whose answer a restarted behaviour would not receive: one without `lasts`
   */
  checkpoint(windowStart: number): Checkpoint | undefined {
    if (this.#asks.short > 0 || this.#stopped) return undefined;
    const asks = this.#asks.size === 0 ? [] : this.#asks.lasting(this.#now);
    return {
      turn: this.#turn,
      now: this.#now,
      view: this.#cursor,
      cells: this.cellValues(),
      random: this.#random.state,
      window: windowStart,
      ...(asks.length === 0 ? {} : { asks }),
    };
  }

  /**
   * Runs one turn.
   * @param now    milliseconds since the Unix epoch; if earlier than the last turn's time, that one is used
   * @param cursor the view's position
   * @param before for the keys of a change: the version that this actor saw last
   */
  run(rec: Rec, now: Millis, cursor: Cursor, before?: (key: Key) => KubeObject | undefined): TurnDone {
    this.#now = Math.max(this.#now, now);
    this.#turn += 1;
    this.#cursor = cursor;
    this.#failed = undefined;
    this.#inTurn = true;
    const outer = turnsInProgress.actor;
    turnsInProgress.actor = this;
    try {
      this.#feed(rec, before);
    } catch (error) {
      this.#fail(error);
    } finally {
      this.#inTurn = false;
      turnsInProgress.actor = outer;
    }
    const out = this.#out;
    const reports = this.#reports;
    this.#out = []; // now and not at the next turn: hundreds of idle actors would retain their last outputs
    this.#reports = [];
    const turn = turnOf({ n: this.#turn, rec, now: this.#now, view: cursor }, out);
    const failed = this.#failed as { error: unknown } | undefined;
    return { turn, out, reports, ...(failed === undefined ? {} : { failed: failed.error }) };
  }

  /** Sets the number of the last turn, for a replay that begins at a checkpoint. */
  resumeAt(turn: number): void {
    this.#turn = turn;
  }

  /** Ends the behaviour; later records are ignored until the next `start`. */
  stop(): void {
    this.#stopped = true;
    this.#tearDown();
  }

  /**
   * Reports a violation of the rules for behaviours and stops the actor. In a turn it also throws. The report comes first,
   * because operators may swallow the error. Outside a turn no caller could catch the error, and a stopped actor is harmless.
   */
  violate(what: string): void {
    const error = this.breach(what);
    if (error !== undefined && this.#inTurn) throw error;
  }

  /**
   * The same without throwing.
   * @param stack stack of the error that revealed the violation, if there is one
   * @returns `undefined` for a further violation, which is not reported
   */
  breach(what: string, stack?: string): ViolationError | undefined {
    if (this.#breached) return undefined;
    this.#breached = true;
    const violation = violationOf(this.definition.name, this.#turn, what, stack);
    const error = new ViolationError(violation);
    this.violations.push(violation);
    this.#failed ??= { error };
    this.stop();
    this.#options.onViolation?.(violation);
    return error;
  }

  #fail(error: unknown): void {
    this.blameMutation(error);
    this.#failed ??= { error };
  }

  /** Mutating a frozen object throws an error that names neither actor nor operator: this reports it as a violation. */
  blameMutation(error: unknown): void {
    const what = this.#options.freeze === true ? mutationIn(error) : undefined;
    if (what !== undefined) this.breach(what, (error as Error).stack);
  }

  #mustBeInTurn(what: string): void {
    if (!this.#inTurn)
      this.violate(`used world.${what} outside a turn (a promise or an ambient timer came in between)`);
  }

  #feed(rec: Rec, before: ((key: Key) => KubeObject | undefined) | undefined): void {
    if (rec.t === 'start') this.#start(rec.checkpoint);
    else if (this.#stopped) return;
    else if (rec.t === 'change') this.#change(rec.keys, before ?? (() => undefined));
    else if (rec.t === 'call') this.#call(rec);
    else if (rec.t === 'answer') this.#asks.settle(rec.ask, rec.result);
    else this.#scheduler.flush(this.#now);
  }

  #start(checkpoint: Checkpoint | undefined): void {
    this.#tearDown();
    this.#stopped = false;
    this.#breached = false;
    this.#began = checkpoint === undefined ? 'fresh' : 'resumed';
    this.#cells.load(checkpoint?.cells ?? {});
    // An index is no state: `step` must give the same as `build`. Tests rebuild it here to verify that; live it is kept.
    if (checkpoint === undefined || this.#options.freeze === true) this.#indexes.clear();
    if (checkpoint !== undefined) {
      this.#window = checkpoint.window;
      this.#random = new Random(checkpoint.random);
      this.#now = Math.max(this.#now, checkpoint.now);
      this.#asks.resume(checkpoint.asks ?? []);
    }
    this.#inputs = Object.fromEntries(Object.keys(this.definition.hears).map((name) => [name, new Subject<never>()]));
    this.#subscription = this.definition.behave(this.#inputs, this.#world).subscribe({
      next: (said) => {
        try {
          this.#emit(said);
        } catch (error) {
          this.#fail(error); // the output cannot be encoded; RxJS would rethrow the error outside this call stack
        }
      },
      error: (error: unknown) => this.#fail(error),
      complete: () => {
        this.#failed ??= {
          error: new Error(`the behaviour of ${this.definition.name} completed: it must never complete`),
        };
      },
    });
  }

  #tearDown(): void {
    this.#subscription?.unsubscribe();
    this.#subscription = undefined;
    this.#scheduler.clear();
    this.#asks.clear();
  }

  #change(keys: readonly Key[], before: (key: Key) => KubeObject | undefined): void {
    const changed = changedByResource(keys, before, this.#view);
    for (const [name, heard] of inputsOf(this.definition.hears)) {
      const changes = heard.hear === 'watch' ? changesFor(heard.resource, changed) : undefined;
      if (changes !== undefined) this.#input(name, changes);
    }
  }

  #call(rec: Extract<Rec, { t: 'call' }>): void {
    const { input, value } = routeCall(rec, this.definition.hears, this.self.prefix);
    if (input !== undefined) this.#input(input, value);
    else if (value.reply?.startsWith(INBOX_ROOT) === true) this.#emit(replyTo(value, unmatchedSubject(value.subject)));
  }

  #input(name: string, value: unknown): void {
    (this.#inputs[name] as Subject<unknown> | undefined)?.next(value);
  }

  #emit(said: Said, timeoutMs?: number): Id {
    if (!this.#inTurn) {
      this.breach(`said ${said.say} outside a turn (a promise or an ambient timer came in between)`);
      return '';
    }
    const id = `${this.#turn}.${this.#out.length}`;
    this.#out.push(outgoing(id, said, timeoutMs));
    return id;
  }

  #makeWorld(inTurn: (what: string) => void): World<unknown> {
    return {
      self: this.self,
      began: () => this.#began,
      now: () => {
        inTurn('now()');
        return this.#now;
      },
      scheduler: this.#scheduler,
      random: () => {
        inTurn('random()');
        return this.#random.next();
      },
      uid: () => {
        inTurn('uid()');
        return this.#random.uuid();
      },
      view: this.#view,
      say: sayFunctions(this.definition.says, this.self),
      reply: (call, body) => replyTo(call, body) as Said<never>,
      ask: <A>(said: Said<A>, { timeoutMs, lasts = false }: AskOptions) =>
        new Observable<A>((subscriber) => {
          inTurn('ask()');
          const waiting = subscriber as Subscriber<unknown>;
          const joined = lasts ? this.#asks.join(said, waiting) : undefined;
          if (joined !== undefined) return () => this.#asks.drop(joined);
          const id = this.#emit(said, timeoutMs);
          this.#asks.add(id, { said, timeoutMs, until: this.#now + timeoutMs, lasts, subscriber: waiting });
          return () => this.#asks.drop(id);
        }),
      isAsked: (said) => {
        inTurn('isAsked()');
        return this.#asks.isResumed(said);
      },
      cell: (name, initial) => this.#cells.cell(name, initial),
      cellNames: (prefix) => this.#cells.names(prefix),
      derived: (name, build, step) => () => {
        inTurn(`derived(${name})`);
        return this.#indexes.read(name, build, step);
      },
      report: (key, error, note) => {
        inTurn('report()');
        this.blameMutation(error);
        this.#reports.push({ key, error, ...note });
      },
    };
  }
}
