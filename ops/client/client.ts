import { randomBytes } from 'node:crypto';
import { type Msg, type MsgHdrs, type NatsConnection, headers as natsHeaders } from 'nats';
import { ArrivedMessage } from '../../actors/kernel/nats/nats-arrived-message.ts';
import { NatsRequests } from '../../actors/kernel/nats/nats-requests.ts';
import { decode, encodeMsgpack, MSGPACK_TYPE, YAML_TYPE } from '../../contracts/codec/codec.ts';
import { isFailure, StatusError, statusError } from '../../contracts/errors/status.ts';
import { HEADER, MESSAGE_VERSION } from '../../contracts/headers.ts';
import type { KubeObject } from '../../contracts/kinds/kinds.ts';
import type { ApplyResult, DeleteOptions, GetOptions, KubeList, ListOptions } from '../../contracts/messages/api.ts';
import { SUBJECTS, type Verb } from '../../contracts/subjects/subjects.ts';
import type { Credentials } from './plan-credentials.ts';
import { connectRefusal, refusalOf } from './refusal.ts';

/** One object (`name` given) or the objects of a namespace, or of all (`namespace` left out). */
export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}
export interface RequestOptions {
  /** How long to wait for an answer; 15 s by default. */
  readonly timeoutMs?: number;
}

type Turn = 'reconnect' | 'disconnect';

const TIMEOUT_MS = 15_000;

/** nats-server drops the connection for more than 4096 bytes of subject, inbox and sizes. */
const SUBJECT_MOST = 3_500;

/** A connection to a cluster, as one user. Every method rejects with a `StatusError` alone. */
export class Client {
  readonly connection: NatsConnection;
  /** NATS user: `<caller>` in subjects. */
  readonly caller: string;
  readonly prefix: string;
  /** Answers to this user come to inboxes below this, which nobody else may read. */
  readonly inboxPrefix: string;
  /** Where this user is at home; absent unless it is a tenant. */
  readonly namespace: string | undefined;
  readonly #instance = randomBytes(4).toString('hex');
  /** One trace a connection: what a command asks belongs together. */
  readonly #trace = randomBytes(16).toString('hex');
  readonly #questions: NatsRequests;
  #asked = 0;
  /** Told of the connection; absent while nobody has asked to be. */
  #following: Record<Turn, Set<() => void>> | undefined;
  /** What the connection was closed for, where it was not by us. */
  #closedFor: Error | undefined;

  constructor(connection: NatsConnection, who: Pick<Credentials, 'caller' | 'prefix' | 'inboxPrefix' | 'namespace'>) {
    this.connection = connection;
    this.#questions = new NatsRequests(connection);
    const { url } = this;
    void connection.closed().then((error) => {
      if (error instanceof Error) this.#closedFor = connectRefusal(error, url);
    });
    this.caller = who.caller;
    this.prefix = who.prefix;
    this.inboxPrefix = who.inboxPrefix;
    this.namespace = who.namespace;
  }

  /**
   * Has `listener` called whenever the connection is back after it was lost, before anything that comes over it: what was
   * published meanwhile reached nobody here.
   * @returns how to end that
   */
  onReconnected(listener: () => void): () => void {
    return this.#on('reconnect', listener);
  }

  /** Has `listener` called whenever the connection is lost; it is made again for as long as it takes. @returns how to end that */
  onDisconnected(listener: () => void): () => void {
    return this.#on('disconnect', listener);
  }

  #on(turn: Turn, listener: () => void): () => void {
    if (this.#following === undefined) {
      this.#following = { reconnect: new Set(), disconnect: new Set() };
      void this.#followConnection(this.#following);
    }
    const listeners = this.#following[turn];
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  async #followConnection(following: Readonly<Record<Turn, ReadonlySet<() => void>>>): Promise<void> {
    for await (const { type } of this.connection.status())
      if (type === 'reconnect' || type === 'disconnect') for (const listener of following[type]) listener();
  }

  /** Subject of one verb on one object or collection. @throws StatusError BadRequest for a name that no object has */
  subject(verb: Verb, resource: string, { namespace = '', name = '' }: Target): string {
    const subject = SUBJECTS.api.subject(this.prefix, { caller: this.caller, verb, resource, namespace, name });
    if (subject.length <= SUBJECT_MOST) return subject;
    const [what, text] = name.length < namespace.length ? ['namespace', namespace] : ['name', name];
    throw statusError(
      'BadRequest',
      `${verb} ${resource}: the ${what} "${text.slice(0, 20)}…" has ${text.length} characters; none has more than 253`,
    );
  }

  /** Asks the api-server; `body` is the object, patch or options that contracts/messages/api.ts names for the verb. */
  async request<A>(verb: Verb, resource: string, target: Target, body?: unknown, options?: RequestOptions): Promise<A> {
    const payload = body === undefined ? new Uint8Array() : encodeMsgpack(body);
    const message = await this.ask(this.subject(verb, resource, target), payload, MSGPACK_TYPE, options);
    return this.decode<A>(message);
  }

  get<T = KubeObject>(resource: string, target: Target, options: GetOptions = {}): Promise<T> {
    return this.request<T>('get', resource, target, options);
  }

  /** All pages of a list, one moment. */
  async list<T = KubeObject>(resource: string, target: Target, options: ListOptions = {}): Promise<KubeList<T>> {
    let page = await this.request<KubeList<T>>('list', resource, target, options);
    const { metadata } = page;
    const items = [...page.items];
    while (page.metadata.continue !== undefined && page.metadata.continue !== '') {
      page = await this.request<KubeList<T>>('list', resource, target, {
        ...options,
        continue: page.metadata.continue,
      });
      items.push(...page.items);
    }
    return { ...page, metadata: { resourceVersion: metadata.resourceVersion }, items };
  }

  create<T = KubeObject>(resource: string, namespace: string | undefined, object: unknown): Promise<T> {
    return this.request<T>('create', resource, { namespace }, object);
  }

  /** A merge patch, or a JSON patch when `patch` is a list. */
  patch<T = KubeObject>(resource: string, target: Target, patch: unknown): Promise<T> {
    return this.request<T>('patch', resource, target, patch);
  }

  /** One object; without a name the subject would say all of them, for which there is `request`. */
  async delete<T = unknown>(resource: string, target: Target, options: DeleteOptions = {}): Promise<T> {
    if (target.name === undefined || target.name === '')
      throw statusError('BadRequest', `delete ${resource}: the object's name is empty; name one`);
    return this.request<T>('delete', resource, target, options);
  }

  /** Applies one object. */
  apply(resource: string, target: Target, object: unknown): Promise<ApplyResult> {
    return this.request<ApplyResult>('apply', resource, target, object);
  }

  /** Applies a manifest as text: what `nats req troupe.apply.<me>.<namespace>` does. */
  async applyManifest(namespace: string | undefined, manifest: string, options?: RequestOptions): Promise<ApplyResult> {
    const subject = SUBJECTS.apply.subject(this.prefix, { caller: this.caller, namespace: namespace ?? '' });
    return this.decode<ApplyResult>(await this.ask(subject, new TextEncoder().encode(manifest), YAML_TYPE, options));
  }

  /** One question, one answer, undecoded. @throws StatusError also when the answer is a refusal */
  async ask(subject: string, payload: Uint8Array, contentType: string, options: RequestOptions = {}): Promise<Msg> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    try {
      return await this.#questions.ask({ subject, body: payload, headers: this.#headerBlock(contentType) }, timeoutMs);
    } catch (error) {
      throw refusalOf(error, { subject, timeoutMs });
    }
  }

  /** @throws StatusError when the message is a refusal or can't be read */
  decode<A>(message: Msg): A {
    const body = decode(message.data, new ArrivedMessage(message).headers?.named[HEADER.contentType]);
    if (isFailure(body)) throw new StatusError(body);
    if (body === undefined) throw statusError('InternalError', `${message.subject}: the answer is empty`);
    return body as A;
  }

  /** Why nothing more will come and to ask again is in vain: the connection is closed for good. `undefined` while it is not. */
  get ended(): Error | undefined {
    if (!this.connection.isClosed()) return undefined;
    return (
      this.#closedFor ?? statusError('ServiceUnavailable', 'the connection to nats-server was closed; open another')
    );
  }

  headers(contentType: string): MsgHdrs {
    const made = natsHeaders();
    for (const [name, value] of this.#headerLines(contentType)) made.set(name, value);
    return made;
  }

  /** The same in their wire form: a general header object costs more than the question. */
  #headerBlock(contentType: string): Uint8Array {
    const lines = this.#headerLines(contentType).map(([name, value]) => `${name}: ${value}\r\n`);
    return Buffer.from(`NATS/1.0\r\n${lines.join('')}\r\n`, 'utf8');
  }

  #headerLines(contentType: string): readonly (readonly [name: string, value: string])[] {
    const asked = ++this.#asked;
    return [
      [HEADER.version, MESSAGE_VERSION],
      [HEADER.from, `client/${this.#instance}`],
      [HEADER.id, `client/${this.#instance}/${asked}.0`],
      [HEADER.trace, `00-${this.#trace}-${this.#instance}${asked.toString(16).padStart(8, '0')}-01`],
      [HEADER.contentType, contentType],
    ];
  }

  /** `nats://127.0.0.1:4222`: the server that serves this connection. */
  get url(): string {
    return `nats://${this.connection.getServer()}`;
  }

  async close(): Promise<void> {
    await this.connection.close();
  }
}
