import type { Observable, SchedulerLike } from 'rxjs';
import type { Status } from '../../contracts/errors/status.ts';
import type { Headers } from '../../contracts/headers.ts';
import type { KubeObject, ResourceName, ResourceTypes } from '../../contracts/kinds/kinds.ts';
import type { Key } from '../../contracts/store/keys.ts';
import type { Family } from '../../contracts/subjects/family.ts';
import type { Verb } from '../../contracts/subjects/subjects.ts';

/** Milliseconds since the Unix epoch. */
export type Millis = number;
/** `<turn>.<index>` within an incarnation: which call or ask. */
export type Id = string;
export type AskId = Id;
/** Hash of something, as text. */
export type Hash = string;
export type Uid = string;
export type Bytes = Uint8Array;
export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json | undefined };
/** Points into the history instead of repeating a body. */
export interface Ref {
  readonly key: Key;
  readonly revision: number;
}
/** How far the view has come: stream -> sequence. */
export type Cursor = Readonly<Record<string, number>>;

/** Everything a behaviour needs to go on after a crash, real or rehearsed. */
export interface Checkpoint {
  /** Number of the turn at whose end it was taken. */
  readonly turn: number;
  readonly now: Millis;
  readonly view: Cursor;
  readonly cells: Readonly<Record<string, Json>>;
  readonly random: readonly number[];
  /** Oldest revision from which `view.since` still answers. */
  readonly window: number;
}

/** All that ever enters an actor. */
export type Rec =
  | { readonly t: 'start'; readonly checkpoint?: Checkpoint }
  /** What changed since the last turn of this kind, after coalescing, in key order. */
  | { readonly t: 'change'; readonly keys: readonly Key[] }
  /** A message. Its reply subject, where it has one, travels as the header `Troupe-Reply`. */
  | {
      readonly t: 'call';
      readonly id: Id;
      readonly subject: string;
      readonly headers: Headers;
      readonly body: Ref | Bytes;
    }
  | { readonly t: 'answer'; readonly ask: AskId; readonly result: Ref | Bytes | Status | 'timeout' }
  /** Timers up to `now`. */
  | { readonly t: 'due' };

export interface Turn {
  readonly n: number;
  readonly rec: Rec;
  readonly now: Millis;
  readonly view: Cursor;
  readonly out: readonly Hash[];
  /** Hash of the cells and the generator after the turn; taken now and then. */
  readonly state?: Hash;
  /** There is secret data in the cells, so their hash must not be kept as it is. */
  readonly stateHoldsSecret?: boolean;
}

/** A stored object; its `metadata.resourceVersion` is set from the sequence of its last write. Never to be mutated. */
export type Stored<R extends string> = R extends ResourceName ? ResourceTypes[R] : KubeObject;

export interface Change {
  readonly key: Key;
  readonly revision: number;
  /** The object before; absent when it was created. */
  readonly before?: KubeObject;
  /** The object after; absent when it was deleted. */
  readonly after?: KubeObject;
}

/** The cache, pinned to the turn. Lists come in key order, by code unit. */
export interface View {
  /** Sequence of the newest change of the objects that this view holds. */
  readonly revision: number;
  get<R extends string>(resource: R, namespace: string | undefined, name: string): Stored<R> | undefined;
  /** All objects of a resource, or those of one namespace. */
  list<R extends string>(resource: R, namespace?: string): readonly Stored<R>[];
  /** Revision of the key's last write; 0 when it is absent. */
  revisionOf(key: Key): number;
  /** What changed after `revision`, oldest first; `undefined` when that is further back than the view remembers. */
  since(revision: number): readonly Change[] | undefined;
}

/** One thing said: a plain value. `A` is what answers it and costs nothing at run time. */
export interface Said<A = unknown> {
  readonly answers?: A;
  readonly kind: 'publish' | 'request' | 'port' | 'reply' | 'report';
  /** Name of the entry in `says`. */
  readonly say: string;
  /** Full subject; `<driver>.<op>` for a port; empty for a reply, whose call knows it. */
  readonly subject: string;
  readonly body?: unknown;
  readonly headers?: Headers;
  /** For a reply: the call that it answers. */
  readonly call?: Id;
  /** What led to it, for who looks at the recording: kept with what was said, never sent, never compared. Small. */
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

export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}
/** A declaration with any arguments. */
export type AnySayDecl = SayDecl<never[], unknown>;
export type Says<S> = {
  readonly [N in keyof S]: S[N] extends SayDecl<infer Args, infer A> ? (...args: Args) => Said<A> : never;
};

/** A message heard. */
export interface Call<Q = unknown, T = Readonly<Record<string, string>>> {
  readonly id: Id;
  readonly subject: string;
  /** Unescaped values of the subject's placeholders; absent when the subject is not of the family's grammar. */
  readonly tokens?: T;
  readonly headers: Headers;
  /** Where an answer goes; absent for a plain publish. */
  readonly reply?: string;
  readonly bytes: Bytes;
  /** @throws StatusError BadRequest, UnsupportedMediaType when the bytes can't be read */
  decode(): Q;
}

/** Keyed change as a behaviour sees it: the object as it was last told of it, and as it is now. */
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
  /** Back to the initial value; costs nothing from then on. */
  drop(): void;
}

/** Who this instance is; fixed at start and recorded there. */
export interface Self {
  readonly actor: string;
  readonly instance: string;
  /** NATS user under which the process speaks: `<caller>` in subjects. */
  readonly caller: string;
  readonly prefix: string;
  /** Epoch of an acting singleton. */
  readonly epoch?: number;
}

/** What a behaviour has of the world. @template S what its actor says, as declared */
export interface World<S> {
  readonly self: Self;
  /** `fresh`: nothing is known, the first change brings everything; `resumed`: cells hold what was known. */
  began(): 'fresh' | 'resumed';
  /** One sample a turn, never backwards. */
  now(): Millis;
  readonly scheduler: SchedulerLike;
  /** Uniform in [0, 1). */
  random(): number;
  uid(): Uid;
  readonly view: View;
  /** `say.bind(body)`: a plain value. */
  readonly say: Says<S>;
  /** Answers a call; a `Status` failure as body is a refusal. */
  reply(call: Call, body: unknown): Said<never>;
  /** Cold; ends in one answer turn. Errors with StatusError: a refusal, or Timeout, or ServiceUnavailable (nobody hears). */
  ask<A>(said: Said<A>, options: { readonly timeoutMs: number }): Observable<A>;
  /** The only state that outlives a turn. */
  cell<T extends Json>(name: string, initial: T): Cell<T>;
  /** Names of the cells that begin with `prefix` and do not have their initial value. */
  cellNames(prefix: string): readonly string[];
  /** An index over the view: rebuildable, not hashed, brought up to the turn's view whenever it is read. */
  derived<T>(name: string, build: (view: View) => T, step: (index: T, change: Change) => T): () => T;
  /** Something went wrong with one key: counted, logged, shown as the actor's last error. Never stops the actor. */
  report(key: string, error: unknown, note?: ReportNote): void;
}

/** How a report is told to whoever reads the log. It is no part of what is recorded and compared: words may change. */
export interface ReportNote {
  /** What the key stands for, where that is a name which says nothing to a person. */
  readonly about?: string;
  /** It is as usual so far, and will most likely pass: not told at all. */
  readonly passing?: boolean;
}
