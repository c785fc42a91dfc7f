import { encode, JSON_TYPE } from '../../../contracts/codec/codec.ts';
import { failure, isFailure, STATUS_CODES, type Status, statusError } from '../../../contracts/errors/status.ts';
import { HEADER, type Headers } from '../../../contracts/headers.ts';
import { INBOX_ROOT } from '../../../contracts/subjects/inbox.ts';
import type { Call, Id, Rec, Said, Self } from '../contract.ts';
import type { CallsDecl, DriverContext, DriverDefinition } from '../declare.ts';
import type { Incarnation } from '../journal/recorder.ts';
import { type AskResult, answerOf } from '../turns/answers.ts';
import { LATEST_HEADER, makeCall, REPLY_HEADER, routeCall, unmatchedSubject } from '../turns/call-routing.ts';
import { hearsSubject } from '../turns/subject-patterns.ts';
import { type Outgoing, outgoing, turnOf } from '../turns/outgoing.ts';
import { replyTo } from '../turns/replies.ts';
import { sayFunctions } from '../turns/say-functions.ts';
import type { ActorStats } from './actor-stats.ts';
import { statText } from './actor-stats.ts';
import { type Asker, type HostServices, statusOf } from './host-services.ts';
import type { InboundMessage } from './inbound-message.ts';
import { type Cause, causeOf, heardHeaders, namedHeaders } from './message-headers.ts';
import { UnansweredCalls } from './unanswered-calls.ts';

/** One driver of a live process. It may be asynchronous; its messages are recorded like an actor's. */
export class LiveDriver implements Asker {
  readonly definition: DriverDefinition;
  readonly self: Self;
  readonly #host: HostServices;
  readonly #from: string;
  readonly #abort = new AbortController();
  readonly #asks = new Map<Id, (result: AskResult) => void>();
  readonly #incarnation: Incarnation;
  #running: Awaited<ReturnType<DriverDefinition['run']>> | undefined;
  /** Messages sent; the last one's id. */
  #messages = 0;
  /** Turns recorded. */
  #turns = 0;
  /** Port calls received. */
  #portCalls = 0;
  /** Start of each call in progress, by `performance.now()`, the oldest first. */
  readonly #began = new Map<number, number>();
  #beginnings = 0;
  readonly #unrecorded: readonly (readonly [input: string, heard: CallsDecl])[];
  readonly #inHand = new UnansweredCalls<InboundMessage>();
  /** Calls whose handler is running, by number. */
  readonly #unanswered = new Map<number, { readonly call: Call; readonly cause: Cause }>();
  #lastError: string | undefined;

  constructor(host: HostServices, definition: DriverDefinition, instance: string) {
    this.#host = host;
    this.definition = definition;
    this.#unrecorded = Object.entries(definition.hears).filter(([, { unrecorded }]) => unrecorded === true);
    const { caller, prefix } = host.options;
    this.self = { actor: definition.name, instance, caller, prefix };
    this.#from = `${definition.name}/${instance}`;
    this.#incarnation = {
      self: this.self,
      incarnation: host.ambient.now(),
      config: definition.config,
      seed: [],
      window: 0,
      node: process.versions.node,
      icu: process.versions['icu'] ?? '',
      build: host.options.build,
      driver: true,
    };
  }

  async start(): Promise<void> {
    const context: DriverContext<unknown> = {
      self: this.self,
      say: sayFunctions(this.definition.says, this.self),
      send: (said) => this.#send(said, undefined, {}),
      sendBytes: ({ subject }, bytes, headers) => this.#host.sendBytes(subject, bytes, headers),
      ask: <A>(said: Said<A>, { timeoutMs }: { readonly timeoutMs: number }) =>
        this.#ask(said, timeoutMs) as Promise<A>,
      signal: this.#abort.signal,
      report: (key, error) => {
        const finding = `${key}: ${error instanceof Error ? error.message : String(error)}`;
        this.#lastError = statText(finding);
        this.#host.options.log(`warning: ${this.#from}: ${finding}`);
      },
    };
    this.#running = await this.definition.run(context);
  }

  async stop(): Promise<void> {
    this.#abort.abort();
    const act = `${this.self.actor} on ${this.self.instance}`;
    for (const ask of this.#asks.keys())
      this.answered(ask, failure('ServiceUnavailable', `${act} was stopped before its request was answered`));
    this.#answerAll(failure('ServiceUnavailable', `${act} was stopped before the request was done; try again`));
    await this.#running?.stop?.();
  }

  stats(): ActorStats {
    const account = this.#running?.account?.();
    const lastError = account?.alarm ?? this.#lastError;
    const [oldest] = this.#began.values();
    return {
      actor: this.self.actor,
      instance: this.self.instance,
      turns: this.#turns + this.#portCalls,
      queueDepth: this.#began.size,
      lagMs: oldest === undefined ? 0 : Math.round(performance.now() - oldest),
      openAsks: this.#asks.size,
      restarts: 0,
      refused: 0,
      ...this.#inHand.figures(),
      ...(lastError === undefined ? {} : { lastError }),
      ...(account === undefined ? {} : { account }),
    };
  }

  /** Handles a request from an actor of this process. */
  port(op: string, body: unknown): Promise<unknown> {
    const handler = this.#running?.ports?.[op];
    if (handler === undefined)
      return Promise.reject(statusError('MethodNotAllowed', `driver ${this.self.actor} has no port "${op}"`));
    this.#portCalls += 1;
    const call = this.#begin();
    const answer = handler(body as never);
    answer.then(
      () => this.#inHand.answered(this.#end(call), undefined),
      (error: unknown) => {
        const status = statusOf(error, `${this.self.actor} ${op}`);
        this.#inHand.answered(this.#end(call), status);
        this.#noteRefusal(status);
      },
    );
    return answer;
  }

  #begin(): number {
    const call = ++this.#beginnings;
    this.#began.set(call, performance.now());
    return call;
  }

  /** @returns how long the call took, milliseconds */
  #end(call: number): number {
    const began = this.#began.get(call) ?? 0;
    this.#began.delete(call);
    return performance.now() - began;
  }

  /** Keeps a server-side failure (5xx) as the last error; a mistake in the request concerns its caller only. */
  #noteRefusal({ code, message }: Status): void {
    if (code >= STATUS_CODES.InternalError) this.#lastError = statText(message);
  }

  heard(msg: InboundMessage): void {
    const named = namedHeaders(msg);
    const { subject, data: body } = msg;
    if (this.#heardBytes(msg, named)) return;
    const id = named[HEADER.id] ?? `call-${this.#turns}`;
    const rec = { t: 'call', id, subject, headers: heardHeaders(msg), body } as const;
    const { input, value } = routeCall(rec, this.definition.hears, this.self.prefix);
    if (input !== undefined) {
      this.#record(rec, []);
      this.#inHand.heard(msg);
      void this.#handle(input, value as Call, causeOf(named));
    } else if (msg.reply?.startsWith(INBOX_ROOT) === true) msg.respond(encode(unmatchedSubject(subject), JSON_TYPE));
  }

  /** Hands over what is never recorded. @returns whether it was that */
  #heardBytes({ subject, data }: InboundMessage, named: Headers): boolean {
    for (const [input, heard] of this.#unrecorded) {
      const tokens = heard.family.parse(this.self.prefix, subject) as Record<string, string> | undefined;
      if (tokens === undefined || !hearsSubject(heard, this.self.prefix, subject, tokens)) continue;
      const { [REPLY_HEADER]: _reply, [LATEST_HEADER]: _latest, ...headers } = named;
      void this.#running?.handlers[input]?.(makeCall({ id: '', subject, headers, bytes: data, tokens }));
      return true;
    }
    return false;
  }

  async #handle(name: string, call: Call, cause: Cause): Promise<void> {
    const began = this.#begin();
    this.#unanswered.set(began, { call, cause });
    let body: unknown;
    try {
      body = (await this.#running?.handlers[name]?.(call)) ?? {};
    } catch (error) {
      body = statusOf(error, call.subject);
    } finally {
      this.#end(began);
    }
    if (!this.#unanswered.delete(began)) return;
    if (isFailure(body)) {
      if (call.reply === undefined) this.#lastError = statText(body.message);
      else this.#noteRefusal(body);
    }
    if (call.reply === undefined) return;
    try {
      this.#send(replyTo(call, body), undefined, cause);
    } catch (error) {
      this.#send(replyTo(call, statusOf(error, `answer ${call.subject}`)), undefined, cause);
    }
  }

  /** Answers all calls in progress while there is still a connection for the answer and its recording. */
  #answerAll(status: Status): void {
    for (const { call, cause } of this.#unanswered.values())
      if (call.reply !== undefined) this.#send(replyTo(call, status), undefined, cause);
    this.#unanswered.clear();
  }

  answered(ask: Id, result: AskResult): void {
    const resolve = this.#asks.get(ask);
    if (resolve === undefined) return; // late or duplicate
    this.#asks.delete(ask);
    this.#record({ t: 'answer', ask, result }, []);
    resolve(result);
  }

  #ask(said: Said, timeoutMs: number): Promise<unknown> {
    return new Promise((resolve, reject) => {
      this.#send(said, timeoutMs, {}, (result) => {
        try {
          resolve(answerOf(said, timeoutMs, result));
        } catch (error) {
          reject(error as Error);
        }
      });
    });
  }

  #send(said: Said, timeoutMs: number | undefined, cause: Cause, resolve?: (result: AskResult) => void): Id {
    const id = `${++this.#messages}`;
    const out = outgoing(id, said, timeoutMs);
    if (resolve !== undefined) this.#asks.set(id, resolve);
    this.#record({ t: 'due' }, [out]);
    const from = { name: this.#from, incarnation: this.#incarnation.incarnation };
    const unsent = this.#host.send(out, from, cause, this);
    this.#inHand.said(said.subject, unsent ?? said.body);
    return id;
  }

  #record(rec: Rec, out: readonly Outgoing[]): void {
    this.#turns += 1;
    const now = this.#host.ambient.now();
    this.#host.options.recorder?.record(this.#incarnation, turnOf({ n: this.#turns, rec, now, view: {} }, out), out);
  }
}
