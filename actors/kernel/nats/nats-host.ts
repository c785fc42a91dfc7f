import type { NatsConnection, PublishOptions, Subscription } from 'nats';
import { config as rxjs } from 'rxjs';
import { encode, encodeMsgpack } from '../../../contracts/codec/codec.ts';
import { failure, type Status } from '../../../contracts/errors/status.ts';
import type { Headers } from '../../../contracts/headers.ts';
import type { Family } from '../../../contracts/subjects/family.ts';
import { SUBJECTS } from '../../../contracts/subjects/subjects.ts';
import type { Change } from '../contract.ts';
import type { ActorDefinition, DriverDefinition } from '../declare.ts';
import type { Recorder } from '../journal/recorder.ts';
import { type Ambient, ambient } from '../live/host-clock.ts';
import {
  type Asker,
  type ChangeListener,
  type Escalation,
  type HostServices,
  type Origin,
  type Runnable,
  statusOf,
} from '../live/host-services.ts';
import type { InboundMessage } from '../live/inbound-message.ts';
import { LiveActor } from '../live/live-actor.ts';
import { LiveDriver } from '../live/live-driver.ts';
import { type Cause, encodeHeaders, encodePlainHeaders } from '../live/message-headers.ts';
import type { AskResult } from '../turns/answers.ts';
import { REPLY_HEADER } from '../turns/call-routing.ts';
import { watchedResources } from '../turns/pending-changes.ts';
import type { Outgoing } from '../turns/outgoing.ts';
import { Cache } from '../view/cache.ts';
import { ArrivalLag } from './nats-arrival-lag.ts';
import { guarded } from './nats-guarded-callback.ts';
import { rawHeaders } from './nats-headers.ts';
import { knowsUsers } from './nats-inbound-filter.ts';
import { newInbox, randomToken } from './nats-inbox.ts';
import { holdLease, type LeaseOptions } from './nats-lease.ts';
import { type AnswerPlace, OpenRequests } from './nats-open-requests.ts';
import { ScopedView } from './nats-scoped-view.ts';
import { type ActorService, serveActor } from './nats-services.ts';
import { ShutdownWait } from './nats-shutdown-wait.ts';

export interface HostOptions {
  readonly connection: NatsConnection;
  readonly prefix: string;
  /** NATS user of the connection. */
  readonly caller: string;
  /** Name of this process, unique among those that share the prefix. */
  readonly instance: string;
  /** Prefix of reply inboxes that this user may subscribe to. */
  readonly inboxPrefix: string;
  /** The process's cache of all objects; a process without one (a worker) leaves it out. */
  readonly cache?: Cache;
  readonly recorder?: Recorder;
  /** How singletons are elected; without it a singleton cannot be hosted. */
  readonly lease?: LeaseOptions;
  /** The view that several hosts of a process without a cache share; default: one of its own, once an actor needs it. */
  readonly view?: ScopedView;
  /** Version of the code, recorded at every start. */
  readonly build: string;
  readonly ambient?: Ambient;
  readonly freeze?: boolean;
  /** Messages that may wait for an actor; default 16,384. */
  readonly inboxMax?: number;
  /**
   * Questions to whoever of a queue group is free are refused when they may have lain longer on their way: whoever asked
   * has given up. Default 15,000 ms, which no actor and no command waits longer for.
   */
  readonly lainMsMax?: number;
  readonly log: (line: string) => void;
  /** An actor failed again and again, or broke its contract: the process should know. */
  readonly onEscalation?: (escalation: Escalation) => void;
}

export interface Running {
  stop(): Promise<void>;
}

const LAIN_MS_MAX = 15_000;
/** The lag of what arrives is known to this part of the most that it may be. */
const LAG_PARTS = 8;

/** How long a pump may keep the event loop before it lets I/O in. */
const PUMP_BUDGET_MS = 8;

/** The live world: hosts actors and drivers of one process on one NATS connection. */
export class Host implements HostServices {
  readonly options: HostOptions;
  readonly ambient: Ambient;
  readonly cache: Cache;
  /** The broker knows who publishes: what a subject says of its caller is true. */
  readonly knowsUsers: boolean;
  readonly #nc: NatsConnection;
  readonly #broker: ShutdownWait;
  readonly #actors = new Map<LiveActor, ActorService | undefined>();
  readonly #drivers = new Set<LiveDriver>();
  /** Drivers that have ports, by name: one of a name in a process. */
  readonly #ports = new Map<string, LiveDriver>();
  readonly #ready = new Set<Runnable>();
  readonly #toTell = new Set<ChangeListener>();
  readonly #requests = new OpenRequests();
  /** Where others answer. */
  readonly #place: AnswerPlace;
  /**
   * Where nodes answer: the broker lets them write into whatever inbox they can name, since they answer what they hear. So
   * none of them hears an address from which it could guess that of another question.
   */
  readonly #nodesInbox: string;
  /** How the subjects begin on which nodes are asked. */
  readonly #toNodes: string;
  readonly #answers: Subscription[] = [];
  #lag: ArrivalLag | undefined;
  /** Its own; absent where hosts share one. */
  #view: ScopedView | undefined;
  #unlisten: (() => void) | undefined;
  #pumping = false;
  #stopped = false;

  constructor(options: HostOptions) {
    this.options = options;
    this.ambient = options.ambient ?? ambient;
    this.cache = options.cache ?? options.view?.cache ?? new Cache();
    this.#nc = options.connection;
    this.#broker = new ShutdownWait(options.connection);
    this.#toNodes = `${options.prefix}.${SUBJECTS.nodeLogs.template.split('<')[0]}`;
    this.knowsUsers = knowsUsers(options.connection);
    rxjs.onUnhandledError = (error: unknown) =>
      options.log(
        `error: unhandled in a pipeline: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
      );
    this.#place = { inbox: this.#listen(), tail: '' };
    this.#nodesInbox = this.#listen();
    void this.#followConnection();
  }

  get connection(): NatsConnection {
    return this.#nc;
  }

  get lainMsMax(): number {
    return this.options.lainMsMax ?? LAIN_MS_MAX;
  }

  /** Watched from the first look on. */
  get arrivalLag(): ArrivalLag {
    this.#lag ??= new ArrivalLag(this.#nc, this.lainMsMax / LAG_PARTS);
    return this.#lag;
  }

  /** Has this process no cache of the store? Then actors that watch resources have a view of these alone. */
  get isScoped(): boolean {
    return this.options.cache === undefined;
  }

  /** Resolves when the cache has the resources that the actor watches. */
  async #viewFor({ hears }: ActorDefinition): Promise<void> {
    const resources = watchedResources(hears);
    if (!this.isScoped || resources === 'all' || resources.size === 0) return;
    const view = this.options.view ?? (this.#view ??= this.#newView());
    this.#unlisten ??= view.listen({ changed: (change) => this.changed(change), relisted: () => this.relisted() });
    await view.watch(resources);
  }

  #newView(): ScopedView {
    const { connection, prefix, caller, inboxPrefix, log } = this.options;
    return new ScopedView({ connection, prefix, caller, inboxPrefix, log, cache: this.cache });
  }

  /** Hosts an actor and resolves when anybody can reach it; a singleton stands by until it holds its lease. */
  async start(definition: ActorDefinition, instance = this.options.instance): Promise<Running> {
    await this.#viewFor(definition);
    if (this.#stopped) return { stop: async () => undefined }; // while it waited for its view
    if (!definition.singleton) {
      const running = await this.#startActor(definition, instance, undefined);
      await this.#broker.soon(this.#nc.flush());
      return running;
    }
    const { lease } = this.options;
    if (lease === undefined) throw new Error(`host ${definition.name}: a singleton needs lease options`);
    return holdLease(this.#nc, definition.name, instance, lease, {
      log: this.options.log,
      acting: (epoch) => this.#startActor(definition, instance, epoch),
      soon: (act) => this.#broker.soon(act),
    });
  }

  /** Hosts a driver and resolves when anybody can reach it. */
  async startDriver(definition: DriverDefinition, instance = this.options.instance): Promise<Running> {
    const driver = new LiveDriver(this, definition, instance);
    await driver.start();
    this.#drivers.add(driver);
    this.#ports.set(definition.name, driver);
    const service = await serveActor(this, driver);
    await this.#broker.soon(this.#nc.flush());
    return {
      stop: async () => {
        this.#drivers.delete(driver);
        if (this.#ports.get(definition.name) === driver) this.#ports.delete(definition.name);
        await this.#broker.soon(service.stop());
        await driver.stop();
      },
    };
  }

  /** The cache has moved by one change. */
  changed(change: Change): void {
    for (const actor of this.#actors.keys()) actor.noteChange(change);
  }

  /** The cache was listed anew: what happened in between nobody knows. */
  relisted(): void {
    for (const actor of this.#actors.keys()) actor.relisted();
  }

  /** The history has lost something before that revision, to which the cache has come. */
  forgetBefore(revision: number): void {
    for (const actor of this.#actors.keys()) actor.forgetBefore(revision);
  }

  async stop(): Promise<void> {
    await Promise.all([...this.#actors].map(([actor, service]) => this.#finish(actor, service)));
    this.#stopped = true;
    this.#lag?.stop();
    this.#unlisten?.();
    this.#view?.close();
    await Promise.all([...this.#actors.keys()].map((actor) => actor.stop()));
    for (const driver of this.#drivers) await driver.stop();
    for (const answers of this.#answers) answers.unsubscribe();
    this.#requests.stop();
    await this.options.recorder?.flush();
  }

  async #startActor(definition: ActorDefinition, instance: string, epoch: number | undefined): Promise<Running> {
    const actor = new LiveActor(this, definition, instance, epoch);
    this.#actors.set(actor, undefined);
    let service: ActorService | undefined;
    try {
      service = await serveActor(this, actor);
      this.#actors.set(actor, service);
      actor.start();
    } catch (error) {
      this.#actors.delete(actor);
      throw error;
    }
    return {
      stop: async () => {
        await this.#finish(actor, service);
        this.#actors.delete(actor);
        const unheard = this.#broker.soon(service?.stop());
        if (epoch === undefined) await unheard; // what is on its way still reaches it; a leader stops at once
        await Promise.all([actor.stop(), unheard]);
      },
    };
  }

  /** Whoever wants to hear that it is stopped: nobody reaches it any more, what has reached it is answered, and it says its last words. */
  async #finish(actor: LiveActor, service: ActorService | undefined): Promise<void> {
    const msg = toItself(actor, SUBJECTS.stopping);
    if (msg === undefined) return;
    await this.#broker.soon(service?.stop());
    await this.#broker.soon(actor.finish(msg));
  }

  /** A new inbox for answers, of which only those who are asked know. */
  #listen(): string {
    const inbox = `${newInbox(this.options.inboxPrefix)}.`;
    const answers = this.#nc.subscribe(`${inbox}*`, {
      callback: guarded(
        (error, msg) => {
          if (error === null) this.#requests.answered(msg);
          else this.options.log(`error: no answer to this process can be heard: ${error.message}`);
        },
        ({ message }, { subject }) => this.options.log(`error: answer on ${subject}: ${message}`),
      ),
    });
    this.#answers.push(answers);
    return inbox;
  }

  /* What live actors and drivers need of their host. */

  /** This actor has something in its inbox. */
  wake(actor: Runnable): void {
    this.#ready.add(actor);
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => this.#pump());
  }

  /**
   * A write's change arrives just before its acknowledgement, for which somebody waits, as nobody does for news: a round of the
   * event loop goes to what arrived with it, and what is said then is on its way before anybody looks at what changed.
   */
  wakeToChanges(actor: ChangeListener): void {
    this.#toTell.add(actor);
    if (this.#toTell.size === 1) setImmediate(() => setImmediate(() => this.#tellChanges()));
  }

  #tellChanges(): void {
    const actors = [...this.#toTell];
    this.#toTell.clear();
    for (const actor of actors) actor.tellChanges();
  }

  #pump(): void {
    const until = performance.now() + PUMP_BUDGET_MS;
    for (const actor of this.#ready) {
      this.#ready.delete(actor);
      if (actor.runInbox(until)) this.#ready.add(actor);
      if (performance.now() >= until) break;
    }
    if (this.#ready.size > 0 && !this.#stopped) setImmediate(() => this.#pump());
    else this.#pumping = false;
  }

  /** Sends what a turn said. @returns why it could not be sent */
  send(out: Outgoing, from: Origin, cause: Cause, asker: Asker): Status | undefined {
    const { said } = out;
    const id = `${from.name}/${from.incarnation.toString(36)}.${out.id}`;
    if (said.kind === 'port') {
      this.#askPort(out, causedBy(id, cause), asker);
      return undefined;
    }
    if (said.subject === '') return undefined; // the answer to a message that asked for none
    const options: PublishOptions = {
      headers: rawHeaders(encodeHeaders(id, from.name, out.contentType, cause, said.headers)),
    };
    if (out.timeoutMs !== undefined) {
      const toNode = said.subject.startsWith(this.#toNodes);
      const place = toNode ? { inbox: this.#nodesInbox, tail: randomToken() } : this.#place;
      options.reply = this.#requests.expect(out, asker, causedBy(id, cause), place);
    } else {
      const reply = said.headers?.[REPLY_HEADER];
      if (reply !== undefined) options.reply = reply;
    }
    try {
      this.#nc.publish(said.subject, out.bytes, options);
      return undefined;
    } catch (error) {
      return this.#unsendable(out, error, options.reply);
    }
  }

  sendBytes(subject: string, bytes: Uint8Array, headers: Headers): void {
    this.#nc.publish(subject, bytes, { headers: rawHeaders(encodePlainHeaders(headers)) });
  }

  #unsendable(out: Outgoing, error: unknown, reply: string | undefined): Status {
    const finding = error instanceof Error ? error.message : String(error);
    const tooLarge = /max_payload|max payload/i.test(finding);
    const status = tooLarge
      ? failure(
          'RequestEntityTooLarge',
          `send on ${out.said.subject}: ${out.bytes.length} bytes are more than the server takes; ask for less (limit) or raise max_payload`,
        )
      : failure('ServiceUnavailable', `send on ${out.said.subject}: ${finding}`);
    if (out.said.kind === 'reply' && tooLarge) {
      this.#nc.publish(out.said.subject, encode(status, out.contentType), {
        headers: rawHeaders(encodeHeaders(`${out.id}`, '', out.contentType, {}, undefined)),
      });
    }
    if (out.timeoutMs !== undefined && reply !== undefined) this.#requests.settle(reply, status);
    this.options.log(`error: ${status.message}`);
    return status;
  }

  async #followConnection(): Promise<void> {
    for await (const { type } of this.#nc.status()) {
      if (type !== 'reconnect') continue;
      this.#requests.reconnected();
      // What was published meanwhile reached nobody here; who lives on such news should look anew.
      for (const actor of this.#actors.keys()) {
        const msg = toItself(actor, SUBJECTS.reconnected);
        if (msg !== undefined) actor.heardOwn(msg);
      }
    }
  }

  #askPort(out: Outgoing, cause: Cause, asker: Asker): void {
    const [name = '', op = ''] = out.said.subject.split('.');
    const driver = this.#ports.get(name);
    // A driver has its own deadlines; one that forgets them must not keep an actor waiting for ever.
    const address = this.#requests.expect(out, asker, cause);
    const answer = (result: AskResult) => this.#requests.arrived(address, result);
    if (driver === undefined) {
      answer(failure('ServiceUnavailable', `${out.said.say}: no driver "${name}" runs in this process`));
      return;
    }
    driver.port(op, out.said.body).then(
      (value) => answer(encodeMsgpack(value ?? {})),
      (error: unknown) => answer(statusOf(error, out.said.subject)),
    );
  }
}

/** What a process says to an actor of its own; `undefined` for one that does not want to hear it. */
function toItself({ definition, self }: LiveActor, family: Family<`${string}.<instance>`>): InboundMessage | undefined {
  const wanted = Object.values(definition.hears).some(
    (heard) => heard.hear === 'calls' && heard.family.template === family.template,
  );
  if (!wanted) return undefined;
  const subject = family.subject(self.prefix, { instance: self.instance });
  return { subject, data: new Uint8Array(0), respond: () => false };
}

/** What an answer was caused by: the question. */
const causedBy = (id: string, { trace }: Cause): Cause => ({ id, ...(trace === undefined ? {} : { trace }) });
