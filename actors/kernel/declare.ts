import type { Observable } from 'rxjs';
import type { Headers } from '../../contracts/headers.ts';
import type { ResourceName } from '../../contracts/kinds/kinds.ts';
import type { PartialObjectMetadata } from '../../contracts/messages/api.ts';
import type { Family, TokensOf } from '../../contracts/subjects/family.ts';
import type { Verb } from '../../contracts/subjects/subjects.ts';
import type {
  AnySayDecl,
  Bytes,
  Call,
  Changed,
  Json,
  Said,
  SayDecl,
  Says,
  Self,
  Stored,
  Target,
  World,
} from './contract.ts';

/* Inputs: what an actor hears. */

/** Changes of a resource in the store; all changes of a turn in one emission. */
export interface WatchDecl<R extends string = string> {
  readonly hear: 'watch';
  readonly resource: R;
  /**
   * Does this change need a turn? Pure; called for each change. Absent: every change does. A change without a turn of its own
   * is still in the view of later turns.
   */
  readonly concerns?: (this: void, changed: Changed<never>) => boolean;
  /** A prefix of cell names: while no such cell is set, no change causes a turn. */
  readonly whileAny?: string;
}
/** Every message on a family of subjects. */
export interface CallsDecl<T extends string = string, Q = unknown, A = unknown> {
  readonly hear: 'calls';
  readonly family: Family<T, Q, A>;
  readonly fixed?: Partial<TokensOf<T>>;
  /** Use a queue group: each message goes to one instance of this actor only. */
  readonly queue?: boolean;
  /** Largest request body in bytes. A larger request is refused with 413 on arrival; it reaches neither actor nor journal. */
  readonly bytesMax?: number;
  /** Also receive subjects with the family's beginning that do not match its template, so that they can be refused. */
  readonly all?: boolean;
  /** Of published messages: a cell name. While that cell is not set, messages are dropped without a turn. */
  readonly whileSet?: string;
  /** Of a driver: bytes of people, such as what they type. The driver gets them as they come, and nothing of them is recorded. */
  readonly unrecorded?: boolean;
  /** Of `SUBJECTS.left`: the prefix of the cells whose values the actor receives when it restarts after a failure. */
  readonly cells?: string;
}
/** The newest message of each subject; once per interval, all together in one emission. */
export interface LatestDecl<T extends string = string, Q = unknown> {
  readonly hear: 'latest';
  readonly family: Family<T, Q, never>;
  readonly fixed?: Partial<TokensOf<T>>;
  readonly everyMs: number;
}
export type HearDecl = WatchDecl | CallsDecl | LatestDecl;

/** @param resource a plural, or `*` for every kind */
export const watch = <R extends ResourceName | (string & {})>(
  resource: R,
  options: {
    readonly concerns?: (this: void, changed: Changed<Stored<R>>) => boolean;
    readonly whileAny?: string;
  } = {},
): WatchDecl<R> => ({ hear: 'watch', resource, ...options });

export const calls = <T extends string, Q, A>(
  family: Family<T, Q, A>,
  options: Pick<CallsDecl<T>, 'fixed' | 'queue' | 'all' | 'bytesMax' | 'whileSet' | 'cells' | 'unrecorded'> = {},
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

/* Outputs: what an actor says. */

type ObjectFor<R extends string> = R extends `${infer Base}/${string}` ? Stored<Base> : Stored<R>;

/** A request to the api-server: `say.x({ namespace, name }, body)`; of any resource (`*`): `say.x({ resource, namespace, name }, body)`. */
export const api = <R extends string>(
  verb: Verb,
  resource: R,
): SayDecl<[target: Target, body?: unknown], ObjectFor<R>> => ({
  say: 'api',
  verb,
  resource,
});
/** The same, but the answer contains the object's metadata only. */
export const apiForMetadata = (
  verb: Verb,
  resource: string,
): SayDecl<[target: Target, body?: unknown], PartialObjectMetadata> => ({
  say: 'api',
  verb,
  resource,
  answeredBy: 'metadata',
});
/** A message without an answer: `say.x(tokens, body)`. */
export const publish = <T extends string, Q>(
  family: Family<T, Q, never>,
  fixed: Partial<TokensOf<T>> = {},
): SayDecl<[tokens: Partial<TokensOf<T>>, body: Q], never> => ({
  say: 'publish',
  family: family as unknown as Family,
  fixed: fixed as Record<string, string>,
});
/** A request to another actor or driver: `say.x(tokens, body)`. */
export const request = <T extends string, Q, A>(
  family: Family<T, Q, A>,
  fixed: Partial<TokensOf<T>> = {},
): SayDecl<[tokens: Partial<TokensOf<T>>, body: Q], A> => ({
  say: 'request',
  family: family as unknown as Family,
  fixed: fixed as Record<string, string>,
});
/** A request to a driver in the same process, without the broker: `say.x(body)`. */
export const port = <P, K extends keyof P & string>(
  driver: string,
  op: K,
): SayDecl<[body: P[K] extends [infer Q, unknown] ? Q : never], P[K] extends [unknown, infer A] ? A : never> => ({
  say: 'port',
  driver,
  op,
});
/**
 * Messages to the reply inbox of a call that opened a stream: `say.x(replySubject, body, headers?)`. The header
 * `Troupe-Reply` names a subject for the acknowledgement; `Content-Type` names the encoding (default MessagePack).
 */
export const inbox = (): SayDecl<
  [subject: string, body: unknown, headers?: Readonly<Record<string, string>>],
  never
> => ({ say: 'inbox' });

/* Definitions of actors and drivers. */

export interface ActorDefinition {
  readonly name: string;
  /** Only one instance acts; the others stand by. */
  readonly singleton: boolean;
  readonly hears: Readonly<Record<string, HearDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  /** The parameters of this definition (a node's name, limits). Recorded at start, so that a replay uses the same ones. */
  readonly config: Json;
  readonly behave: (
    inputs: Readonly<Record<string, Observable<never>>>,
    world: World<unknown>,
  ) => Observable<Said<unknown>>;
}

/** Declares an actor: its inputs (`hears`), its outputs (`says`), and one function from the first to the second. */
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

/** Everything that a driver may use. A driver makes no decisions, so it may be asynchronous. */
export interface DriverContext<S> {
  readonly self: Self;
  readonly say: S;
  /** Sends a message without waiting for an answer. */
  send(said: Said<unknown>): void;
  /**
   * Sends bytes on the subject of `said`, which has no body: for bytes of people, of which nothing is recorded.
   * @throws Error when they cannot be sent
   */
  sendBytes(said: Said<unknown>, bytes: Bytes, headers: Headers): void;
  /** @throws StatusError as `World.ask` */
  ask<A>(said: Said<A>, options: { readonly timeoutMs: number }): Promise<A>;
  /** Aborts when the driver is stopped. */
  readonly signal: AbortSignal;
  report(key: string, error: unknown): void;
}
export type DriverHandlers<H> = {
  readonly [N in keyof H]: H[N] extends CallsDecl<infer T, infer Q, infer A>
    ? (call: Call<Q, TokensOf<T>>) => Promise<A | void> | A | void
    : never;
};
/** A driver's own statistics, shown by its micro service. */
export interface DriverAccount {
  /** The problem that keeps the driver from working, and its remedy. */
  readonly alarm?: string;
}
export interface DriverDefinition {
  readonly name: string;
  readonly hears: Readonly<Record<string, CallsDecl>>;
  readonly says: Readonly<Record<string, AnySayDecl>>;
  readonly config: Json;
  /** Starts the driver. @returns handlers for its inputs and ports, its statistics, and a function that stops it */
  readonly run: (context: DriverContext<unknown>) => Promise<{
    readonly handlers: Readonly<Record<string, (call: Call) => unknown>>;
    readonly ports?: Readonly<Record<string, (body: never) => Promise<unknown>>>;
    readonly account?: () => DriverAccount;
    readonly stop?: () => Promise<void>;
  }>;
}

/** Declares a driver: one kind of I/O behind subjects or ports. A handler's result is the answer; a StatusError is a refusal. */
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
