import type { Observable, SchedulerLike } from 'rxjs';
import type { Status } from '../../contracts/errors/status.ts';
import type { Headers } from '../../contracts/headers.ts';
import type { KubeObject, ResourceName, ResourceTypes } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Family } from '../../contracts/subjects/family.ts';
import type { Verb } from '../../contracts/subjects/subjects.ts';

/** Milliseconds since the Unix epoch. */
export type Millis = number;
/** Id of a call or ask: `<turn>.<index>` within an incarnation. */
export type Id = string;
export type AskId = Id;

export type Hash = string;
export type Uid = string;
export type Bytes = Uint8Array;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
/** Refers to a body in the history instead of repeating it. */
export interface Ref {
  readonly key: Key;
  readonly revision: number;
}
/** The view's position: stream -> sequence. */
export type Cursor = Readonly<Record<string, number>>;

/** A request that has no answer yet at a checkpoint. */
export interface LastingAsk {
  readonly id: AskId;
  /** Hash of its subject and body: the resumed behaviour makes the same request again, which then is not sent. */
  readonly request: Hash;
  readonly until: Millis;
  readonly timeoutMs: number;
}

/** Everything that a behaviour needs to go on after a crash, real or rehearsed. */
export interface Checkpoint {
  /** Number of the turn after which it was taken. */
  readonly turn: number;
  readonly now: Millis;
  readonly view: Cursor;
  readonly cells: Readonly<Record<string, Json>>;
  readonly random: readonly number[];
  /** Oldest revision from which `view.since` still answers. */
  readonly window: number;
  /** Absent = none. */
  readonly asks?: readonly LastingAsk[];
}

/** The only inputs of an actor. */
export type Rec =
  | { readonly t: 'start'; readonly checkpoint?: Checkpoint }
  /** Keys that changed since the last turn of this kind: each once, in key order. */
  | { readonly t: 'change'; readonly keys: readonly Key[] }
  /** A message. Its reply subject, if any, is in the header `Troupe-Reply`. */
  | {
      readonly t: 'call';
      readonly id: Id;
      readonly subject: string;
      readonly headers: Headers;
      readonly body: Ref | Bytes;
    }
  | { readonly t: 'answer'; readonly ask: AskId; readonly result: Ref | Bytes | Status | 'timeout' }
  /** All timers that are due at `now`. */
  | { readonly t: 'due' };

export interface Turn {
  readonly n: number;
  readonly rec: Rec;
  readonly now: Millis;
  readonly view: Cursor;
  readonly out: readonly Hash[];
  /** Hash of the cells and the random generator after the turn; present only in some turns. */
  readonly state?: Hash;
  /** The cells contain secret data, so the recorder must not keep their hash unchanged. */
  readonly stateHoldsSecret?: boolean;
}

/** A stored object. `metadata.resourceVersion` is the sequence of its last write. Must not be mutated. */
export type Stored<R extends string> = R extends ResourceName ? ResourceTypes[R] : KubeObject;

export interface Change {
  readonly key: Key;
  readonly revision: number;
  /** The previous version; absent when the object was created. */
  readonly before?: KubeObject;
  /** The new version; absent when the object was deleted. */
  readonly after?: KubeObject;
}

/** The cache as of this turn. Lists are in key order, by code unit. */
export interface View {
  /** Sequence of the newest change that this view contains. */
  readonly revision: number;
  get<R extends string>(resource: R, namespace: string | undefined, name: string): Stored<R> | undefined;
  /** All objects of a resource, or those of one namespace. */
  list<R extends string>(resource: R, namespace?: string): readonly Stored<R>[];
  /** Resources of which there are objects, sorted. */
  resources(): readonly string[];
  /** Revision of the key's last write; 0 when there is no object under the key. */
  revisionOf(key: Key): number;
  /** Changes after `revision`, oldest first; `undefined` when `revision` is older than the changes that the view retains. */
  since(revision: number): readonly Change[] | undefined;
}

/** One message that an actor sends, as a plain value. `A` is the type of the answer and does not exist at run time. */
export interface Said<A = unknown> {
  readonly answers?: A;
  readonly kind: 'publish' | 'request' | 'port' | 'reply' | 'report';
  /** Name of the entry in `says`. */
  readonly say: string;
  /** Full subject; `<driver>.<op>` for a port; empty for a reply to a call without a reply subject. */
  readonly subject: string;
  readonly body?: unknown;
  readonly headers?: Headers;
  /** Of a reply: the call that it answers. */
  readonly call?: Id;
  /** The reason, for readers of the recording: recorded with the message, never sent, never compared. Keep it small. */
  readonly why?: Json;
}

/**
 * Declares one kind of message that an actor sends. `Args` are the arguments of the function that makes the `Said`; `A` is
 * the type of the answer.
 */
export interface SayDecl<Args extends readonly unknown[] = readonly never[], A = unknown> {
  readonly types?: (...args: Args) => A;
  readonly say: 'api' | 'publish' | 'request' | 'port' | 'inbox';
  readonly verb?: Verb;
  readonly resource?: string;
  readonly answeredBy?: 'metadata';
  readonly family?: Family;
  readonly fixed?: Readonly<Record<string, string>>;
  readonly driver?: string;
  readonly op?: string;
}

/** The object (or collection) that a request to the api-server is about. */
export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
  /** Only for a declaration of every resource (`*`): the resource that this request is about. */
  readonly resource?: string;
}
/** A declaration with any arguments. */
export type AnySayDecl = SayDecl<never[], unknown>;
/** The functions `say.<name>(...)` that a declaration `says` gives to its behaviour. */
export type Says<S> = {
  readonly [N in keyof S]: S[N] extends SayDecl<infer Args, infer A> ? (...args: Args) => Said<A> : never;
};

/** A received message. */
export interface Call<Q = unknown, T = Readonly<Record<string, string>>> {
  readonly id: Id;
  readonly subject: string;
  /** Unescaped values of the subject's placeholders; absent when the subject does not match the family's template. */
  readonly tokens?: T;
  readonly headers: Headers;
  /** Reply subject; absent for a plain publish. */
  readonly reply?: string;
  readonly bytes: Bytes;
  /** @throws StatusError BadRequest or UnsupportedMediaType when the bytes cannot be decoded */
  decode(): Q;
}

/** A change as a behaviour sees it. `before` is the version that the behaviour saw last, `after` the present one. */
export interface Changed<T = KubeObject> {
  readonly key: Key;
  readonly namespace: string;
  readonly name: string;
  readonly before?: T;
  readonly after?: T;
}

export interface Cell<T extends Json> {
  get(): T;
  set(value: T): void;
  /** Resets the cell to its initial value and frees its memory. */
  drop(): void;
}

/** Identity of an actor instance; fixed at its start and recorded there. */
export interface Self {
  readonly actor: string;
  readonly instance: string;
  /** NATS user of the process: `<caller>` in subjects. */
  readonly caller: string;
  readonly prefix: string;
  /** Epoch of an acting singleton. */
  readonly epoch?: number;
}

/** Everything that a behaviour may use. @template S the actor's `says` */
export interface World<S> {
  readonly self: Self;
  /** `fresh`: cells are empty and the first change contains every object; `resumed`: cells hold the earlier state. */
  began(): 'fresh' | 'resumed';
  /** The time of this turn; the same during the whole turn and never earlier than in the turn before. */
  now(): Millis;
  readonly scheduler: SchedulerLike;
  /** Uniform in [0, 1). */
  random(): number;
  uid(): Uid;
  readonly view: View;
  /** `say.bind(body)`: a plain value. */
  readonly say: Says<S>;
  /** The answer to a call; with a `Status` failure as body it is a refusal. */
  reply(call: Call, body: unknown): Said<never>;
  /**
   * Sends a request on subscription and emits its answer, in a later turn. Errors with StatusError: a refusal, Timeout, or
   * ServiceUnavailable when no process is subscribed to the subject.
   */
  ask<A>(said: Said<A>, options: AskOptions): Observable<A>;
  /** Is this request, made with `lasts`, open since before the last checkpoint? Then `ask` does not send it again. */
  isAsked(said: Said): boolean;
  /** The only state that survives a crash. */
  cell<T extends Json>(name: string, initial: T): Cell<T>;
  /** Names of the cells that begin with `prefix` and are set. */
  cellNames(prefix: string): readonly string[];
  /** An index over the view. It is updated to the turn's view at each read; it is no state, as it can always be rebuilt. */
  derived<T>(name: string, build: (view: View) => T, step: (index: T, change: Change) => T): () => T;
  /** Reports an error of one key: it is logged, recorded and shown as the actor's last error. Never stops the actor. */
  report(key: string, error: unknown, note?: ReportNote): void;
}

export interface AskOptions {
  readonly timeoutMs: number;
  /**
   * The answer may take long, so a checkpoint does not wait for it. The behaviour that is resumed from a checkpoint must make
   * the same request again (same subject, same body) if it still wants the answer: it is not sent, and gets the answer.
   */
  readonly lasts?: boolean;
}

/** How a report appears in the log. Not part of the recording, so the wording may change between releases. */
export interface ReportNote {
  /** A readable name for a key that means nothing to people. */
  readonly about?: string;
  /** The error is usual and probably temporary: it is not logged. */
  readonly passing?: boolean;
}
