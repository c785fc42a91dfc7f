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
import { connectErrorToStatus, natsErrorToStatus } from './nats-errors.ts';
import type { Credentials } from './plan-credentials.ts';

/** One object (`name` given) or the objects of a namespace, or of all (`namespace` left out). */
export interface Target {
  readonly namespace?: string | undefined;
  readonly name?: string | undefined;
}
export interface RequestOptions {
  /** How long to wait for an answer; 15 s by default. */
  readonly timeoutMs?: number;
}

type ConnectionChange = 'reconnect' | 'disconnect';

const TIMEOUT_MS = 15_000;

/** nats-server closes the connection when subject, inbox and sizes have more than 4096 bytes together. */
const SUBJECT_MOST = 3_500;

/** A connection to a cluster as one user. Methods reject only with a `StatusError`. */
export class Client {
  readonly connection: NatsConnection;
  /** NATS user: `<caller>` in subjects. */
  readonly caller: string;
  readonly prefix: string;
  /** Prefix of this user's reply inboxes, which no other user may read. */
  readonly inboxPrefix: string;
  /** A tenant's default namespace; absent for other users. */
  readonly namespace: string | undefined;
  readonly #instance = randomBytes(4).toString('hex');
  /** One trace id a connection: all requests of a command share it. */
  readonly #trace = randomBytes(16).toString('hex');
  readonly #questions: NatsRequests;
  #asked = 0;
  /** Listeners to changes of the connection; absent until the first one is added. */
  #following: Record<ConnectionChange, Set<() => void>> | undefined;
  /** Why the connection was closed, other than by `close`. */
  #closedFor: Error | undefined;

  constructor(connection: NatsConnection, who: Pick<Credentials, 'caller' | 'prefix' | 'inboxPrefix' | 'namespace'>) {
    this.connection = connection;
    this.#questions = new NatsRequests(connection);
    const { url } = this;
    void connection.closed().then((error) => {
      if (error instanceof Error) this.#closedFor = connectErrorToStatus(error, url);
    });
    this.caller = who.caller;
    this.prefix = who.prefix;
    this.inboxPrefix = who.inboxPrefix;
    this.namespace = who.namespace;
  }

  /**
   * Calls `listener` whenever a lost connection is made again, before any message arrives over it. Messages that were published
   * meanwhile are lost.
   * @returns a function that removes the listener
   */
  onReconnected(listener: () => void): () => void {
    return this.#on('reconnect', listener);
  }

  /** Calls `listener` whenever the connection is lost; reconnecting never gives up. @returns a function that removes the listener */
  onDisconnected(listener: () => void): () => void {
    return this.#on('disconnect', listener);
  }

  #on(change: ConnectionChange, listener: () => void): () => void {
    if (this.#following === undefined) {
      this.#following = { reconnect: new Set(), disconnect: new Set() };
      void this.#followConnection(this.#following);
    }
    const listeners = this.#following[change];
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  async #followConnection(following: Readonly<Record<ConnectionChange, ReadonlySet<() => void>>>): Promise<void> {
    for await (const { type } of this.connection.status())
      if (type === 'reconnect' || type === 'disconnect') for (const listener of following[type]) listener();
  }

  /** Subject of a verb on an object or collection. @throws StatusError BadRequest for a name that is too long */
  subject(verb: Verb, resource: string, { namespace = '', name = '' }: Target): string {
    const subject = SUBJECTS.api.subject(this.prefix, { caller: this.caller, verb, resource, namespace, name });
    if (subject.length <= SUBJECT_MOST) return subject;
    const [what, text] = name.length < namespace.length ? ['namespace', namespace] : ['name', name];
    throw statusError(
      'BadRequest',
      `${verb} ${resource}: the ${what} "${text.slice(0, 20)}…" has ${text.length} characters; at most 253 are allowed`,
    );
  }

  /** Sends a request to the api-server; `body` is the object, patch or options of the verb, see contracts/messages/api.ts. */
  async request<A>(verb: Verb, resource: string, target: Target, body?: unknown, options?: RequestOptions): Promise<A> {
    const payload = body === undefined ? new Uint8Array() : encodeMsgpack(body);
    const message = await this.ask(this.subject(verb, resource, target), payload, MSGPACK_TYPE, options);
    return this.decode<A>(message);
  }

  get<T = KubeObject>(resource: string, target: Target, options: GetOptions = {}): Promise<T> {
    return this.request<T>('get', resource, target, options);
  }

  /** All pages of a list, at one revision. */
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

  /** Sends a merge patch, or a JSON patch when `patch` is a list. */
  patch<T = KubeObject>(resource: string, target: Target, patch: unknown): Promise<T> {
    return this.request<T>('patch', resource, target, patch);
  }

  /** Deletes one object. Without a name the subject would mean all objects; use `request` for that. */
  async delete<T = unknown>(resource: string, target: Target, options: DeleteOptions = {}): Promise<T> {
    if (target.name === undefined || target.name === '')
      throw statusError('BadRequest', `delete ${resource}: the object's name is empty; give a name`);
    return this.request<T>('delete', resource, target, options);
  }

  /** Applies one object. */
  apply(resource: string, target: Target, object: unknown): Promise<ApplyResult> {
    return this.request<ApplyResult>('apply', resource, target, object);
  }

  /** Applies the text of a manifest, as `nats req troupe.apply.<user>.<namespace>` does. */
  async applyManifest(namespace: string | undefined, manifest: string, options?: RequestOptions): Promise<ApplyResult> {
    const subject = SUBJECTS.apply.subject(this.prefix, { caller: this.caller, namespace: namespace ?? '' });
    return this.decode<ApplyResult>(await this.ask(subject, new TextEncoder().encode(manifest), YAML_TYPE, options));
  }

  /** Sends a request and returns the undecoded answer. @throws StatusError, for example Timeout */
  async ask(subject: string, payload: Uint8Array, contentType: string, options: RequestOptions = {}): Promise<Msg> {
    const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
    try {
      return await this.#questions.ask({ subject, body: payload, headers: this.#headerBlock(contentType) }, timeoutMs);
    } catch (error) {
      throw natsErrorToStatus(error, { subject, timeoutMs });
    }
  }

  /** Decodes an answer. @throws StatusError when it is a failure Status or cannot be decoded */
  decode<A>(message: Msg): A {
    const body = decode(message.data, new ArrivedMessage(message).headers?.named[HEADER.contentType]);
    if (isFailure(body)) throw new StatusError(body);
    if (body === undefined) throw statusError('InternalError', `${message.subject}: the answer is empty`);
    return body as A;
  }

  /** Why the connection is closed for good; `undefined` while it is not. */
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

  /** The same headers in wire form: a general header object costs more CPU than the rest of the request. */
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
