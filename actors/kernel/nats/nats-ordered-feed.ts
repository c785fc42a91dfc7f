import { AckPolicy, type ConsumerConfig, DeliverPolicy, type JetStreamManager, ReplayPolicy } from '@nats-io/jetstream';
import { type Msg, type NatsConnection, nanos, nuid, type Subscription } from 'nats';
import { guarded } from './nats-guarded-callback.ts';
import { newInbox } from './nats-inbox.ts';

/** One message of a stream. */
export interface FedMessage {
  readonly subject: string;
  readonly sequence: number;
  readonly data: Uint8Array;
  /** When the server stored it; milliseconds since the epoch, by the server's clock. */
  readonly storedAt: number;
}

export interface FeedOptions {
  readonly connection: NatsConnection;
  readonly manager: JetStreamManager;
  readonly stream: string;
  readonly subject: string;
  /** Begin with the newest message of each subject, or with a sequence; then all new messages. */
  readonly from: 'last-per-subject' | number;
  /** Called synchronously, in stream order, without gaps. */
  readonly onMessage: (message: FedMessage) => void;
  /** The consumer has delivered all messages so far; may be called often. */
  readonly onIdle: () => void;
  /** The feed has ended by itself because of a gap, silence or a lost connection. Called once. */
  readonly onBroken: (why: string) => void;
}

/** Delivers the messages of a stream, all of them in order, until it breaks. */
export interface Feed {
  readonly ended: boolean;
  /** Every message that matched when the feed was opened has been delivered. */
  readonly listed: boolean;
  /** Every write has been delivered whose acknowledgement any client can have received. */
  readonly isAhead: boolean;
  /**
   * Has every matching message been delivered? Asks the server.
   * @throws the client's errors
   */
  drained(): Promise<boolean>;
  /** The owner calls this once it has caught up with the stream. */
  caughtUp(): void;
  close(): void;
}

const HEARTBEAT_MS = 1_000;
const SILENCE_MS_MAX = 3 * HEARTBEAT_MS;
const INACTIVE_MS = 30_000;

/**
 * An ordered push consumer: it delivers every message of its stream in order, or reports that it broke. It does not recover by
 * itself, because only its owner knows from which sequence it can safely go on.
 */
export class OrderedFeed implements Feed {
  readonly isAhead = false;
  readonly #options: FeedOptions;
  readonly #name = nuid.next();
  #subscription: Subscription | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #received = 0;
  /** Number of messages that matched when the feed was opened. */
  #first = Number.POSITIVE_INFINITY;
  #heardAt = performance.now();
  #ended = false;

  private constructor(options: FeedOptions) {
    this.#options = options;
  }

  /** @throws the client's errors when the consumer cannot be created */
  static async open(options: FeedOptions): Promise<OrderedFeed> {
    const feed = new OrderedFeed(options);
    try {
      await feed.#start();
      return feed;
    } catch (error) {
      feed.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { connection, manager, stream, subject, from } = this.#options;
    const inbox = newInbox(manager.getOptions().watcherPrefix);
    this.#subscription = connection.subscribe(inbox, {
      callback: guarded(
        (error, message) => this.#hear(error, message),
        (failure) => this.#break(failure.message),
      ),
    });
    const start =
      from === 'last-per-subject'
        ? { deliver_policy: DeliverPolicy.LastPerSubject }
        : { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: from };
    const config: Partial<ConsumerConfig> = {
      name: this.#name,
      ...start,
      deliver_subject: inbox,
      filter_subject: subject,
      ack_policy: AckPolicy.None,
      replay_policy: ReplayPolicy.Instant,
      max_deliver: 1,
      flow_control: true,
      idle_heartbeat: nanos(HEARTBEAT_MS),
      inactive_threshold: nanos(INACTIVE_MS),
      mem_storage: true,
      num_replicas: 1,
    };
    const info = await manager.consumers.add(stream, config);
    if (this.#ended) {
      manager.consumers.delete(stream, this.#name).catch(() => undefined);
      throw new Error(`the feed of ${stream} broke while it was opened`);
    }
    this.#first = info.delivered.consumer_seq + info.num_pending;
    this.#watchdog = setInterval(() => this.#checkSilence(), HEARTBEAT_MS);
    this.#watchdog.unref();
    if (info.num_pending === 0 && this.#received === 0) this.#options.onIdle();
  }

  get ended(): boolean {
    return this.#ended;
  }

  get listed(): boolean {
    return this.#received >= this.#first;
  }

  async drained(): Promise<boolean> {
    const info = await this.#options.manager.consumers.info(this.#options.stream, this.#name);
    return !this.#ended && info.num_pending === 0 && info.delivered.consumer_seq <= this.#received;
  }

  caughtUp(): void {
    // The consumer goes on as before.
  }

  close(): void {
    if (this.#ended) return;
    this.#ended = true;
    clearInterval(this.#watchdog);
    this.#subscription?.unsubscribe();
    const { manager, stream, connection } = this.#options;
    // If the deletion fails, the consumer expires after `INACTIVE_MS`.
    if (!connection.isClosed()) manager.consumers.delete(stream, this.#name).catch(() => undefined);
  }

  #break(why: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken(why);
  }

  #hear(error: Error | null, message: Msg): void {
    if (this.#ended) return;
    if (error !== null) return this.#break(error.message);
    this.#heardAt = performance.now();
    if (message.data.length === 0 && message.headers !== undefined && message.headers.code > 0) {
      return this.#hearStatus(message);
    }
    const delivery = parseDelivery(message.reply ?? '');
    if (delivery === undefined) return;
    if (delivery.consumerSequence !== this.#received + 1) {
      return this.#break(`message ${this.#received + 1} is missing`);
    }
    this.#received++;
    this.#options.onMessage({ subject: message.subject, data: message.data, ...delivery });
    if (delivery.pending === 0) this.#options.onIdle();
  }

  #hearStatus(message: Msg): void {
    const headers = message.headers;
    if (headers?.code !== 100) return this.#break(headers?.description ?? 'unknown status');
    if (message.reply !== undefined && message.reply !== '') {
      message.respond(); // flow control: everything so far has been handled
      return;
    }
    const stalled = headers.get('Nats-Consumer-Stalled');
    if (stalled !== '') this.#options.connection.publish(stalled);
    const last = headers.get('Nats-Last-Consumer');
    if (last === '') return;
    if (Number(last) > this.#received) return this.#break(`messages up to ${last} are missing after ${this.#received}`);
    this.#options.onIdle();
  }

  #checkSilence(): void {
    const silentMs = performance.now() - this.#heardAt;
    if (silentMs > SILENCE_MS_MAX) this.#break(`nothing received for ${Math.round(silentMs)} ms`);
  }
}

interface Delivery {
  readonly sequence: number;
  readonly consumerSequence: number;
  readonly storedAt: number;
  readonly pending: number;
}

/** `$JS.ACK[.<domain>.<account>].<stream>.<consumer>.<deliveries>.<sequence>.<consumer sequence>.<ns>.<pending>[.<random>]` */
export function parseDelivery(reply: string): Delivery | undefined {
  const tokens = reply.split('.');
  if (tokens[0] !== '$JS' || tokens[1] !== 'ACK') return undefined;
  const at = tokens.length === 9 ? 5 : 7;
  return {
    sequence: Number(tokens[at]),
    consumerSequence: Number(tokens[at + 1]),
    storedAt: Math.floor(Number(tokens[at + 2]) / 1e6),
    pending: Number(tokens[at + 3]),
  };
}
