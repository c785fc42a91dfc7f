import type { Observable } from 'rxjs';
import type { ResourceName } from '../../contracts/kinds/kinds.ts';
import type { PartialObjectMetadata } from '../../contracts/messages/api.ts';
import type { Family, TokensOf } from '../../contracts/subjects/family.ts';
import type { Verb } from '../../contracts/subjects/subjects.ts';
import type { AnySayDecl, Call, Changed, Json, Said, SayDecl, Says, Self, Stored, Target, World } from './contract.ts';

/* What an actor hears. */

/** Changes of a resource in the store; one emission a turn. */
export interface WatchDecl<R extends string = string> {
  readonly hear: 'watch';
  readonly resource: R;
  /**
   * Is a change worth a turn? Pure, and asked of every single change; absent: each is. What is passed over is in the view all
   * the same, when something else brings a turn.
   */
  readonly concerns?: (this: void, changed: Changed<never>) => boolean;
  /** What the names of cells begin with: while none of these is set, no change is worth a turn. */
  readonly whileAny?: string;
}
/** Every message of a family of subjects. */
export interface CallsDecl<T extends string = string, Q = unknown, A = unknown> {
  readonly hear: 'calls';
  readonly family: Family<T, Q, A>;
  readonly fixed?: Partial<TokensOf<T>>;
  /** Share the messages with the other instances of this actor. */
  readonly queue?: boolean;
  /** Of requests: one whose body has more bytes is refused with 413 as it arrives; its actor does not hear it, nor does the journal keep it. */
  readonly bytesMax?: number;
  /** Also hear subjects that begin like the family's but are not of its grammar, so that they can be refused. */
  readonly all?: boolean;
  /** Of messages that are published. Name of a cell: while it is not set they say nothing to this actor, and it need not be told. */
  readonly whileSet?: string;
  /** Of `left`: what the names of the cells begin with that the actor is told of when it begins anew. */
  readonly cells?: string;
}
/** The newest message a subject, all together once an interval. */
export interface LatestDecl<T extends string = string, Q = unknown> {
  readonly hear: 'latest';
  readonly family: Family<T, Q, never>;
  readonly fixed?: Partial<TokensOf<T>>;
  readonly everyMs: number;
}
export type HearDecl = WatchDecl | CallsDecl | LatestDecl;

export const watch = <R extends ResourceName | (string & {})>(
  resource: R,
  options: {
    readonly concerns?: (this: void, changed: Changed<Stored<R>>) => boolean;
    readonly whileAny?: string;
  } = {},
): WatchDecl<R> => ({ hear: 'watch', resource, ...options });

export const calls = <T extends string, Q, A>(
  family: Family<T, Q, A>,
  options: Pick<CallsDecl<T>, 'fixed' | 'queue' | 'all' | 'bytesMax' | 'whileSet' | 'cells'> = {},
): CallsDecl<T, Q, A> => ({ hear: 'calls', family, ...options });

export const latest = <T extends string, Q>(
  family: Family<T, Q, never>,
  options: { readonly everyMs: number; readonly fixed?: Partial<TokensOf<T>> },
): LatestDecl<T, Q> => ({ hear: 'latest', family, ...options });

// biome-ignore format: a table of types
export type InputOf<D> =
  D extends WatchDecl<infer R> ? Observable<readonly Changed<Stored<R>>[]>
  : D extends CallsDecl<infer T, infer Q> ? Observable<Call<Q, TokensOf<T>>>
  : D extends LatestDecl<infer T, infer Q> ? Observable<readonly Call<Q, TokensOf<T>>[]>
  : never;
export type Inputs<H> = { readonly [N in keyof H]: InputOf<H[N]> };

/* What an actor says. */

type ObjectFor<R extends string> = R extends `${infer Base}/${string}` ? Stored<Base> : Stored<R>;

/** A request to the api-server: `say.x({ namespace, name }, body)`. */
export const api = <R extends string>(
  verb: Verb,
  resource: R,
): SayDecl<[target: Target, body?: unknown], ObjectFor<R>> => ({
  say: 'api',
  verb,
  resource,
});
/** A request to the api-server of whose answer the metadata is enough: `say.x({ namespace, name }, body)`. */
export const apiForMetadata = (
  verb: Verb,
  resource: string,
): SayDecl<[target: Target, body?: unknown], PartialObjectMetadata> => ({
  say: 'api',
  verb,
  resource,
  answeredBy: 'metadata',
});
/** A message that nobody answers: `say.x(tokens, body)`. */
export const publish = <T extends string, Q>(
  family: Family<T, Q, never>,
  fixed: Partial<TokensOf<T>> = {},
): SayDecl<[tokens: Partial<TokensOf<T>>, body: Q], never> => ({
  say: 'publish',
  family: family as unknown as Family,
  fixed: fixed as Record<string, string>,
});
/** A question to another actor or driver: `say.x(tokens, body)`. */
export const request = <T extends string, Q, A>(
  family: Family<T, Q, A>,
  fixed: Partial<TokensOf<T>> = {},
): SayDecl<[tokens: Partial<TokensOf<T>>, body: Q], A> => ({
  say: 'request',
  family: family as unknown as Family,
  fixed: fixed as Record<string, string>,
});
/** A question to a driver in the same process, which no broker carries: `say.x(body)`. */
export const port = <P, K extends keyof P & string>(
  driver: string,
  op: K,
): SayDecl<[body: P[K] extends [infer Q, unknown] ? Q : never], P[K] extends [unknown, infer A] ? A : never> => ({
  say: 'port',
  driver,
  op,
});
/** Messages to the reply inbox of a call that asked for a stream: `say.x(replySubject, body, headers?)`. `Troupe-Reply` in headers asks for acknowledgement there; `Content-Type` names the encoding, if not MessagePack. */
export const inbox = (): SayDecl<
  [subject: string, body: unknown, headers?: Readonly<Record<string, string>>],
  never
> => ({ say: 'inbox' });

/* The three things that can be defined. */

export interface ActorDefinition {
  readonly name: string;
  /** One instance acts, others stand by. */
  readonly singleton: boolean;
  readonly hears: Readonly<Record<string, HearDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  /** What the definition was made from (a node's name, limits); recorded at start, so that a replay makes the same. */
  readonly config: Json;
  readonly behave: (
    inputs: Readonly<Record<string, Observable<never>>>,
    world: World<unknown>,
  ) => Observable<Said<unknown>>;
}

/** Declares an actor: what it hears, what it says, and one function from the first to the second. */
export function defineActor<
  const H extends Record<string, HearDecl>,
  const S extends Record<string, AnySayDecl>,
>(definition: {
  readonly name: string;
  readonly singleton?: boolean;
  readonly hears: H;
  readonly says: S;
  readonly config?: Json;
  readonly behave: (inputs: Inputs<H>, world: World<S>) => Observable<Said<unknown>>;
}): ActorDefinition {
  return {
    name: definition.name,
    singleton: definition.singleton ?? false,
    hears: definition.hears,
    says: definition.says,
    config: definition.config ?? null,
    behave: definition.behave as unknown as ActorDefinition['behave'],
  };
}

/** What a driver may use; it decides nothing, so it may be asynchronous. */
export interface DriverContext<S> {
  readonly self: Self;
  readonly say: S;
  /** Sends without waiting. */
  send(said: Said<unknown>): void;
  /** @throws StatusError as `World.ask` */
  ask<A>(said: Said<A>, options: { readonly timeoutMs: number }): Promise<A>;
  /** Ends when the driver is stopped. */
  readonly signal: AbortSignal;
  report(key: string, error: unknown): void;
}
export type DriverHandlers<H> = {
  readonly [N in keyof H]: H[N] extends CallsDecl<infer T, infer Q, infer A>
    ? (call: Call<Q, TokensOf<T>>) => Promise<A | void> | A | void
    : never;
};
/** What a driver counts of its own, for its micro service to show. */
export interface DriverAccount {
  /** What keeps it from its work now, and what to do about it. */
  readonly alarm?: string;
}
export interface DriverDefinition {
  readonly name: string;
  readonly hears: Readonly<Record<string, CallsDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  readonly config: Json;
  /** Starts; gives the handlers of what it hears and of its ports, its own account, and how to stop. */
  readonly run: (context: DriverContext<unknown>) => Promise<{
    readonly handlers: Readonly<Record<string, (call: Call) => unknown>>;
    readonly ports?: Readonly<Record<string, (body: never) => Promise<unknown>>>;
    readonly account?: () => DriverAccount;
    readonly stop?: () => Promise<void>;
  }>;
}

/** Declares a driver: one kind of I/O behind subjects or ports. A handler's result is the answer; a StatusError refuses. */
export function defineDriver<
  const H extends Record<string, CallsDecl>,
  const S extends Record<string, AnySayDecl>,
>(definition: {
  readonly name: string;
  readonly hears: H;
  readonly says: S;
  readonly config?: Json;
  readonly run: (context: DriverContext<Says<S>>) => Promise<{
    readonly handlers: DriverHandlers<H>;
    readonly ports?: Readonly<Record<string, (body: never) => Promise<unknown>>>;
    readonly account?: () => DriverAccount;
    readonly stop?: () => Promise<void>;
  }>;
}): DriverDefinition {
  return { ...definition, config: definition.config ?? null } as unknown as DriverDefinition;
}
