import { Observable, Subject, type Subscriber, type Subscription } from 'rxjs';
import {
  type ContentType,
  contentTypeOf,
  decode,
  decodeMsgpack,
  encode,
  JSON_TYPE,
  MSGPACK_TYPE,
} from '../../contracts/codec/codec.ts';
import { failure, isFailure, type Status, StatusError, statusError } from '../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../contracts/headers.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import { type Key, parseKey } from '../../contracts/store/keys.ts';
import { INBOX_ROOT } from '../../contracts/subjects/inbox.ts';
import { token } from '../../contracts/subjects/token.ts';
import type {
  AskId,
  Bytes,
  Call,
  Cell,
  Change,
  Changed,
  Checkpoint,
  Cursor,
  Hash,
  Id,
  Json,
  Millis,
  Rec,
  Ref,
  Said,
  Self,
  Turn,
  View,
  World,
} from './contract.ts';
import type { ActorDefinition, AnySayDecl, CallsDecl, HearDecl, LatestDecl, Target } from './declare.ts';
import { deepFreeze } from './freeze.ts';
import { hashOf } from './hash.ts';
import { operatorOfStack } from './operator-of-stack.ts';
import { Random } from './random.ts';
import { TurnScheduler } from './turn-scheduler.ts';

/** Where a call's answer goes, travels in its headers, so that a record of the call is whole. */
export const REPLY_HEADER = 'Troupe-Reply';

/** One thing that a turn said, ready to be sent. */
export interface Outgoing {
  /** `<turn>.<index>` */
  readonly id: Id;
  readonly said: Said;
  /** The body in the encoding in which it travels. */
  readonly bytes: Bytes;
  readonly contentType: ContentType;
  readonly hash: Hash;
  /** Set when an answer is awaited. */
  readonly timeoutMs?: number;
}

export interface Violation {
  readonly actor: string;
  readonly turn: number;
  /** What was done that a behaviour must not do. */
  readonly what: string;
  /** The RxJS operator in which it was done, where the stack tells. */
  readonly operator?: string;
  /** File, line and column of ours nearest to it. */
  readonly at?: string;
}

export const describeViolation = (v: Violation): string =>
  `actor ${v.actor}, turn ${v.turn}: ${v.what}${v.operator === undefined ? '' : ` in operator ${v.operator}`}${v.at === undefined ? '' : ` at ${v.at}`}`;

export interface TurnDone {
  readonly turn: Turn;
  readonly out: readonly Outgoing[];
  /** Reports of keys that went wrong in this turn. */
  readonly reports: readonly { readonly key: string; readonly error: unknown }[];
  /** The behaviour failed or ended; its supervisor decides what next. */
  readonly failed?: unknown;
}

export interface CoreOptions {
  readonly self: Self;
  readonly view: View;
  /** Four numbers from the operating system in a live world; recorded. */
  readonly seed: readonly number[];
  /** Deep-freeze what behaviours put into cells (tests, simulation). */
  readonly freeze?: boolean;
  readonly onViolation?: (violation: Violation) => void;
}

interface OpenAsk {
  readonly said: Said;
  readonly timeoutMs: number;
  readonly subscriber: Subscriber<unknown>;
}

/** Told to whoever runs a turn, so that the guard knows when a behaviour is on. */
export const turnsInProgress: { actor: ActorCore | undefined } = { actor: undefined };

/**
 * One actor's behaviour, run turn by turn. Synchronous and deterministic: the same records with the same views, clock
 * and seed give the same outputs, whichever world feeds them.
 */
export class ActorCore {
  readonly definition: ActorDefinition;
  readonly self: Self;
  readonly violations: Violation[] = [];
  readonly #options: CoreOptions;
  readonly #view: View;
  readonly #scheduler: TurnScheduler;
  #random: Random;
  #now: Millis = 0;
  #turn = 0;
  #inTurn = false;
  #stopped = false;
  #began: 'fresh' | 'resumed' = 'fresh';
  #inputs: Record<string, Subject<never>> = {};
  #subscription: Subscription | undefined;
  #cells = new Map<string, Json>();
  #derived = new Map<string, { value: unknown; revision: number }>();
  #asks = new Map<AskId, OpenAsk>();
  #out: Outgoing[] = [];
  #reports: { key: string; error: unknown }[] = [];
  #failed: { error: unknown } | undefined;
  #cursor: Cursor = {};
  #world: World<unknown>;

  constructor(definition: ActorDefinition, options: CoreOptions) {
    this.definition = definition;
    this.self = options.self;
    this.#options = options;
    this.#view = guardedView(options.view, () => this.#mustBeInTurn('view'));
    this.#random = new Random(options.seed);
    this.#scheduler = new TurnScheduler(
      () => this.#now,
      () => this.#mustBeInTurn('scheduler'),
    );
    this.#world = this.#makeWorld();
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
  get nextDue(): Millis | undefined {
    return this.#scheduler.nextDue;
  }
  isAskOpen(ask: AskId): boolean {
    return this.#asks.has(ask);
  }
  cellValues(): Readonly<Record<string, Json>> {
    return Object.fromEntries([...this.#cells].sort(([a], [b]) => (a < b ? -1 : 1)));
  }
  stateHash(): Hash {
    return hashOf(encode(this.cellValues(), MSGPACK_TYPE), this.#random.state.join());
  }

  /**
   * Everything that a crash would have to leave behind. Only between turns.
   * @returns `undefined` while an ask is open: its answer would find nobody.
   */
  checkpoint(windowStart: number): Checkpoint | undefined {
    if (this.#asks.size > 0 || this.#stopped) return undefined;
    return {
      turn: this.#turn,
      now: this.#now,
      view: this.#cursor,
      cells: this.cellValues(),
      random: this.#random.state,
      window: windowStart,
    };
  }

  /**
   * Runs one record to its end.
   * @param now    milliseconds since the Unix epoch; taken as the last turn's when it went backwards
   * @param cursor where the view stands
   * @param before the object as this actor was last told of it, for the keys of a change
   */
  run(rec: Rec, now: Millis, cursor: Cursor, before?: (key: Key) => KubeObject | undefined): TurnDone {
    this.#now = Math.max(this.#now, now);
    this.#turn += 1;
    this.#cursor = cursor;
    this.#out = [];
    this.#reports = [];
    this.#failed = undefined;
    this.#inTurn = true;
    const outer = turnsInProgress.actor;
    turnsInProgress.actor = this;
    try {
      this.#feed(rec, before);
    } catch (error) {
      this.#failed ??= { error };
    } finally {
      this.#inTurn = false;
      turnsInProgress.actor = outer;
    }
    const out = this.#out;
    const turn: Turn = { n: this.#turn, rec, now: this.#now, view: cursor, out: out.map((o) => o.hash) };
    const failed = this.#failed as { error: unknown } | undefined;
    return { turn, out, reports: this.#reports, ...(failed === undefined ? {} : { failed: failed.error }) };
  }

  /** The next turn is number `turn + 1`: a replay that begins at a checkpoint, not at the beginning. */
  resumeAt(turn: number): void {
    this.#turn = turn;
  }

  /** Ends the behaviour; nothing runs after. */
  stop(): void {
    this.#stopped = true;
    this.#tearDown();
  }

  /** Something was done that a behaviour must not do: told first, since operators may swallow what is thrown; then the actor stops. */
  violate(what: string): never {
    throw this.#note(what);
  }

  #note(what: string): Error {
    const violation: Violation = {
      actor: this.definition.name,
      turn: this.#turn,
      what,
      ...operatorOfStack(stackHere()),
    };
    const error = new Error(describeViolation(violation));
    this.violations.push(violation);
    this.#failed ??= { error };
    this.stop();
    this.#options.onViolation?.(violation);
    return error;
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
    else if (rec.t === 'answer') this.#answer(rec.ask, rec.result);
    else this.#scheduler.flush(this.#now);
  }

  #start(checkpoint: Checkpoint | undefined): void {
    this.#tearDown();
    this.#stopped = false;
    this.#began = checkpoint === undefined ? 'fresh' : 'resumed';
    this.#cells = new Map(Object.entries(checkpoint?.cells ?? {}));
    // An index is no state: what `step` made is what `build` would make. Tests hold behaviours to that; live it saves the building.
    if (checkpoint === undefined || this.#options.freeze === true) this.#derived.clear();
    if (checkpoint !== undefined) {
      this.#random = new Random(checkpoint.random);
      this.#now = Math.max(this.#now, checkpoint.now);
    }
    this.#inputs = Object.fromEntries(Object.keys(this.definition.hears).map((name) => [name, new Subject<never>()]));
    this.#subscription = this.definition.behave(this.#inputs, this.#world).subscribe({
      next: (said) => {
        try {
          this.#emit(said);
        } catch (error) {
          this.#failed ??= { error }; // what cannot be encoded; RxJS would throw it where nobody can catch it
        }
      },
      error: (error: unknown) => {
        this.#failed ??= { error };
      },
      complete: () => {
        this.#failed ??= { error: new Error(`the behaviour of ${this.definition.name} ended: it must go on for ever`) };
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
    const byResource = new Map<string, Changed[]>();
    for (const key of keys) {
      const parts = parseKey(key);
      if (parts === undefined) continue;
      const was = before(key);
      const is = this.#view.get(parts.resource, parts.namespace, parts.name);
      if (was === undefined && is === undefined) continue; // came and went between two turns
      const changed: Changed = {
        key,
        namespace: parts.namespace,
        name: parts.name,
        ...(was === undefined ? {} : { before: was }),
        ...(is === undefined ? {} : { after: is }),
      };
      const list = byResource.get(parts.resource);
      if (list === undefined) byResource.set(parts.resource, [changed]);
      else list.push(changed);
    }
    for (const [name, heard] of Object.entries(this.definition.hears)) {
      if (heard.hear !== 'watch') continue;
      const changes = byResource.get(heard.resource);
      if (changes !== undefined) this.#input(name, changes);
    }
  }

  #call(rec: Extract<Rec, { t: 'call' }>): void {
    const batchOf = rec.headers[LATEST_HEADER];
    if (batchOf !== undefined) {
      const heard = this.definition.hears[batchOf] as LatestDecl;
      const messages = decodeMsgpack(asBytes(rec.body)) as [string, Bytes][];
      const batch = messages.map(([subject, bytes]) =>
        makeCall(rec.id, subject, {}, bytes, heard.family.parse(this.self.prefix, subject)),
      );
      this.#input(batchOf, batch);
      return;
    }
    for (const [name, heard] of Object.entries(this.definition.hears)) {
      if (heard.hear !== 'calls') continue;
      const tokens = heard.family.parse(this.self.prefix, rec.subject) as Record<string, string> | undefined;
      if (!hearsSubject(heard, this.self.prefix, rec.subject, tokens)) continue;
      this.#input(name, makeCall(rec.id, rec.subject, rec.headers, asBytes(rec.body), tokens));
      return;
    }
    const call = makeCall(rec.id, rec.subject, rec.headers, asBytes(rec.body), undefined);
    if (call.reply?.startsWith(INBOX_ROOT) === true) this.#emit(this.#world.reply(call, unheard(call.subject)));
  }

  #answer(id: AskId, result: Extract<Rec, { t: 'answer' }>['result']): void {
    const ask = this.#asks.get(id);
    if (ask === undefined) return;
    this.#asks.delete(id);
    const { said, subscriber } = ask;
    if (result === 'timeout') {
      subscriber.error(statusError('Timeout', `${said.say}: no answer on ${said.subject} within ${ask.timeoutMs} ms`));
    } else if (isFailure(result)) subscriber.error(new StatusError(result));
    else {
      let body: unknown;
      try {
        body = decode(asBytes(result as Ref | Bytes), MSGPACK_TYPE);
      } catch (error) {
        subscriber.error(error);
        return;
      }
      if (isFailure(body)) subscriber.error(new StatusError(body));
      else {
        subscriber.next(body);
        subscriber.complete();
      }
    }
  }

  #input(name: string, value: unknown): void {
    (this.#inputs[name] as Subject<unknown> | undefined)?.next(value);
  }

  #emit(said: Said, timeoutMs?: number): Id {
    if (!this.#inTurn) {
      // Not thrown: RxJS would throw it again where nobody can catch it.
      this.#note(`said ${said.say} outside a turn (a promise or an ambient timer came in between)`);
      return '';
    }
    const id = `${this.#turn}.${this.#out.length}`;
    const contentType = said.kind === 'reply' ? replyType(said) : MSGPACK_TYPE;
    const bytes = said.body === undefined ? EMPTY : encode(said.body, contentType);
    const hash = hashOf(said.kind, said.subject, bytes);
    this.#out.push({ id, said, bytes, contentType, hash, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
    return id;
  }

  #makeWorld(): World<unknown> {
    const { self } = this;
    const inTurn = (what: string) => this.#mustBeInTurn(what);
    return {
      self,
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
      say: Object.fromEntries(
        Object.entries(this.definition.says).map(([name, decl]) => [name, speaker(name, decl, self)]),
      ),
      reply: (call, body) => ({
        kind: 'reply',
        say: 'reply',
        subject: call.reply ?? '',
        body,
        call: call.id,
        headers: { [HEADER.contentType]: encodingOf(call) },
      }),
      ask: <A>(said: Said<A>, options: { readonly timeoutMs: number }) =>
        new Observable<A>((subscriber) => {
          inTurn('ask()');
          const id = this.#emit(said, options.timeoutMs);
          this.#asks.set(id, { said, timeoutMs: options.timeoutMs, subscriber: subscriber as Subscriber<unknown> });
          return () => {
            this.#asks.delete(id);
          };
        }),
      cell: (name, initial) => this.#cell(name, initial),
      cellNames: (prefix) => {
        inTurn('cellNames()');
        return [...this.#cells.keys()].filter((name) => name.startsWith(prefix)).sort();
      },
      derived: (name, build, step) => () => this.#derive(name, build, step),
      report: (key, error) => {
        inTurn('report()');
        this.#reports.push({ key, error });
      },
    };
  }

  #cell<T extends Json>(name: string, initial: T): Cell<T> {
    return {
      get: () => {
        this.#mustBeInTurn(`cell(${name}).get()`);
        return (this.#cells.get(name) ?? initial) as T;
      },
      set: (value) => {
        this.#mustBeInTurn(`cell(${name}).set()`);
        this.#cells.set(name, this.#options.freeze === true ? deepFreeze(value) : value);
      },
      drop: () => {
        this.#mustBeInTurn(`cell(${name}).drop()`);
        this.#cells.delete(name);
      },
    };
  }

  #derive<T>(name: string, build: (view: View) => T, step: (index: T, change: Change) => T): T {
    this.#mustBeInTurn(`derived(${name})`);
    const known = this.#derived.get(name);
    const { revision } = this.#options.view;
    if (known !== undefined && known.revision === revision) return known.value as T;
    const changes = known === undefined ? undefined : this.#options.view.since(known.revision);
    const value =
      changes === undefined
        ? build(this.#view)
        : changes.reduce((index, change) => step(index, change), known?.value as T);
    this.#derived.set(name, { value, revision });
    return value;
  }
}

const EMPTY = new Uint8Array(0);
export const LATEST_HEADER = 'Troupe-Latest';

function stackHere(): string | undefined {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 60;
  const { stack } = new Error('here');
  Error.stackTraceLimit = limit;
  return stack;
}

function guardedView(view: View, check: () => void): View {
  return {
    get revision() {
      check();
      return view.revision;
    },
    get: (resource, namespace, name) => {
      check();
      return view.get(resource, namespace, name);
    },
    list: (resource, namespace) => {
      check();
      return view.list(resource, namespace);
    },
    revisionOf: (key) => {
      check();
      return view.revisionOf(key);
    },
    since: (revision) => {
      check();
      return view.since(revision);
    },
  };
}

function asBytes(body: Ref | Bytes): Bytes {
  if (body instanceof Uint8Array) return body;
  throw new Error(`record refers to ${body.key}@${body.revision}: whoever feeds it must resolve references first`);
}

/** What is answered to a question whose subject is not of the grammar of any input. */
export const unheard = (subject: string): Status =>
  failure(
    'BadRequest',
    `${subject}: a token is not escaped as it should be (bytes outside A-Z a-z 0-9 _ - become =XX)`,
  );

/** Does this input hear this subject? `tokens` as its family parsed it. */
export function hearsSubject(
  heard: CallsDecl,
  prefix: string,
  subject: string,
  tokens: Record<string, string> | undefined,
): boolean {
  if (tokens !== undefined) {
    return Object.entries((heard.fixed ?? {}) as Record<string, string>).every(
      ([name, value]) => tokens[name] === value,
    );
  }
  return heard.all === true && subject.startsWith(beginningOf(heard, prefix));
}

function makeCall(id: Id, subject: string, headers: Headers, bytes: Bytes, tokens: unknown): Call<never, never> {
  const reply = headers[REPLY_HEADER];
  return {
    id,
    subject,
    headers,
    bytes,
    ...(tokens === undefined ? {} : { tokens: tokens as never }),
    ...(reply === undefined ? {} : { reply }),
    decode: () => decode(bytes, headers[HEADER.contentType]) as never,
  };
}

/** Answers come in the encoding of the question; an unreadable one is answered in JSON. */
function encodingOf(call: Call): ContentType {
  try {
    return contentTypeOf(call.bytes, call.headers[HEADER.contentType]);
  } catch {
    return JSON_TYPE;
  }
}
const replyType = (said: Said): ContentType =>
  (said.headers?.[HEADER.contentType] as ContentType | undefined) ?? MSGPACK_TYPE;

/** Makes the function behind one entry of `says`. Also used by drivers. */
export function speaker(name: string, decl: AnySayDecl, self: Self): (...args: never[]) => Said {
  if (decl.say === 'api') {
    const start = `${self.prefix}.api.${token(self.caller)}.${decl.verb}.${token(decl.resource)}`;
    const epoch = self.epoch === undefined ? {} : { headers: { [HEADER.epoch]: `${self.actor}:${self.epoch}` } };
    return (target: Target, body?: unknown) => ({
      kind: 'request',
      say: name,
      subject: `${start}.${token(target.namespace)}.${token(target.name)}`,
      body,
      ...epoch,
    });
  }
  if (decl.say === 'port')
    return (body: unknown) => ({ kind: 'port', say: name, subject: `${decl.driver}.${decl.op}`, body });
  if (decl.say === 'inbox') {
    return (subject: string, body: unknown, headers?: Headers) => ({
      kind: 'publish',
      say: name,
      subject,
      body,
      ...(headers === undefined ? {} : { headers }),
    });
  }
  const { family } = decl;
  if (family === undefined) throw new Error(`says.${name} names no family of subjects`);
  const kind = decl.say === 'publish' ? 'publish' : 'request';
  return (tokens: Record<string, string>, body: unknown) => ({
    kind,
    say: name,
    subject: family.subject(self.prefix, { ...decl.fixed, ...tokens }),
    body,
  });
}

/** What every subject of an input begins with: up to the first token that is not fixed, with a dot at the end. */
function beginningOf(heard: CallsDecl, prefix: string): string {
  const fixed = (heard.fixed ?? {}) as Record<string, string>;
  let beginning = `${prefix}.`;
  for (const part of heard.family.template.split('.')) {
    const value = part.startsWith('<') ? fixed[part.slice(1, -1)] : part;
    if (value === undefined) break;
    beginning += `${part.startsWith('<') ? token(value) : part}.`;
  }
  return beginning;
}

/** Subscription pattern of one input; `undefined` for one that no message reaches. */
export function patternOf(heard: HearDecl, prefix: string): string | undefined {
  if (heard.hear === 'watch') return undefined;
  if (heard.hear === 'calls' && heard.all === true) return `${beginningOf(heard, prefix)}>`;
  return heard.family.pattern(prefix, heard.fixed);
}
