import type { StreamInfo } from '@nats-io/jetstream';
import type { Msg, ServerInfo, Subscription } from 'nats';
import type { ObjectChanges } from '../../../contracts/store/object-changes.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { findingOf, remedyOfGone } from './nats-error-text.ts';
import { guarded } from './nats-guarded-callback.ts';
import { type FedMessage, type Feed, type FeedOptions, OrderedFeed } from './nats-ordered-feed.ts';

export interface ChangeFeedOptions extends FeedOptions {
  readonly changes: ObjectChanges;
  /** Requests the stream's state. */
  readonly ask: () => Promise<StreamInfo>;
  /** The subscription to the republished changes was refused; the consumer goes on delivering. */
  readonly onRefused: (error: Error) => void;
  /** A change was not republished; called just before the feed breaks for this reason. */
  readonly onMissed: () => void;
}

const LOOK_EVERY_MS = 1_000;
const UNANSWERED_MAX = 3;

/**
 * Does a subscriber to this stream's republished changes receive every write before any client can receive its
 * acknowledgement? A single server sends both in this order to each connection. The servers of a cluster forward them over
 * different routes, in no certain order.
 */
export function republishesBeforeAcknowledging(
  server: ServerInfo | undefined,
  { config, cluster }: Pick<StreamInfo, 'config' | 'cluster'>,
  { republishedTo }: ObjectChanges,
): boolean {
  const alone = server !== undefined && !server.cluster && !cluster?.name && cluster?.leader === server.server_name;
  return alone && config.republish?.dest === republishedTo;
}

/**
 * Uses an ordered consumer until it has caught up, and from then on the messages that the server republishes: the same
 * messages, earlier, and without the cost of a consumer. Consecutive sequences show that nothing is missing. Once a second
 * the stream's state is requested, to detect missed messages and a changed configuration. Like the consumer, it does not
 * recover by itself.
 */
export class ChangeFeed implements Feed {
  readonly #options: ChangeFeedOptions;
  #subscription: Subscription | undefined;
  #ordered: OrderedFeed | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Sequence up to which everything was delivered. */
  #delivered = 0;
  /** Sequence of the newest republished message that arrived while the consumer was still used. */
  #passedBy = 0;
  #isAhead = false;
  #mayTakeOver = false;
  #refused = false;
  #ended = false;
  #looking = false;
  /** Last sequence of the stream at the previous request; by the next one it must have been delivered. */
  #owed = 0;
  #unanswered = 0;

  private constructor(options: ChangeFeedOptions) {
    this.#options = options;
  }

  /** @throws the client's errors when the consumer cannot be created */
  static async open(options: ChangeFeedOptions): Promise<ChangeFeed> {
    const feed = new ChangeFeed(options);
    try {
      await feed.#start();
      return feed;
    } catch (error) {
      feed.close();
      throw error;
    }
  }

  async #start(): Promise<void> {
    const { connection, changes } = this.#options;
    const callback = guarded(
      (error, message) => (error === null ? this.#hear(message) : this.#refuse(error)),
      (failure) => this.#break(failure.message),
    );
    this.#subscription = connection.subscribe(changes.republishedTo, { callback });
    this.#ordered = await OrderedFeed.open({
      ...this.#options,
      onMessage: (message) => this.#deliver(message),
      onBroken: (why) => this.#break(why),
    });
    if (this.#ended) this.#ordered.close();
  }

  get ended(): boolean {
    return this.#ended;
  }

  get listed(): boolean {
    return this.#isAhead || this.#ordered?.listed === true;
  }

  get isAhead(): boolean {
    return this.#isAhead && !this.#ended;
  }

  async drained(): Promise<boolean> {
    return this.#isAhead || (await this.#ordered?.drained()) === true;
  }

  caughtUp(): void {
    if (this.#ended) return;
    this.#mayTakeOver = !this.#refused;
    this.#timer = setInterval(() => void this.#look(), LOOK_EVERY_MS);
    this.#timer.unref();
    void this.#look();
  }

  close(): void {
    this.#ended = true;
    clearInterval(this.#timer);
    this.#ordered?.close();
    this.#subscription?.unsubscribe();
  }

  #break(why: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken(why);
  }

  #miss(revision: number): void {
    if (this.#ended) return;
    this.#options.onMissed();
    this.#break(`revision ${revision} was not republished`);
  }

  #refuse(error: Error): void {
    if (this.#refused) return;
    this.#refused = true;
    this.#mayTakeOver = false;
    if (this.#isAhead) this.#break(error.message);
    else this.#options.onRefused(error);
  }

  #hear(arrived: Msg): void {
    if (this.#ended) return;
    const message = parseRepublished(arrived, this.#options.stream);
    if (message === undefined || message.sequence <= this.#delivered) return;
    const follows = message.sequence === this.#delivered + 1;
    if (!this.#isAhead && follows && this.#mayTakeOver) this.#takeOver();
    if (!this.#isAhead) this.#passedBy = message.sequence;
    else if (follows) this.#deliver(message);
    else this.#miss(this.#delivered + 1);
  }

  #deliver(message: FedMessage): void {
    this.#delivered = message.sequence;
    this.#options.onMessage(message);
  }

  #takeOver(): void {
    this.#isAhead = true;
    this.#ordered?.close();
  }

  async #look(): Promise<void> {
    if (this.#looking) return;
    this.#looking = true;
    try {
      await this.#compare(await this.#options.ask());
      this.#unanswered = 0;
    } catch (error) {
      this.#unanswered++;
      const isLost = remedyOfGone(error) !== undefined || this.#unanswered >= UNANSWERED_MAX;
      if (this.#isAhead && isLost) this.#break(findingOf(error));
    } finally {
      this.#looking = false;
    }
  }

  async #compare(facts: StreamInfo): Promise<void> {
    const { connection, changes } = this.#options;
    const republished = republishesBeforeAcknowledging(connection.info, facts, changes);
    this.#mayTakeOver = republished && !this.#refused;
    if (this.#isAhead) {
      if (!republished) this.#break('its changes are no longer republished before they are acknowledged');
      else if (this.#delivered < this.#owed) this.#miss(this.#owed);
      this.#owed = facts.state.last_seq;
      return;
    }
    // On a quiet stream no republished message arrives with which to take over. The consumer has delivered everything up to
    // the requested state; later writes arrive as republished messages, and `#passedBy` shows if one was skipped.
    if (!this.#mayTakeOver || !(await this.drained()) || this.#ended || this.#isAhead) return;
    const reached = Math.max(this.#delivered, facts.state.last_seq);
    if (this.#passedBy > reached) return;
    this.#delivered = reached;
    this.#takeOver();
  }
}

/** @returns `undefined` for a message of another stream */
function parseRepublished(message: Msg, stream: string): FedMessage | undefined {
  // A stored message may itself carry the headers of another stream; the server appends its own, so the last ones count.
  const { headers, data } = new ArrivedMessage(message, 'last');
  const named = headers?.named;
  if (named?.['Nats-Stream'] !== stream) return undefined;
  return {
    subject: named['Nats-Subject'] ?? '',
    sequence: Number(named['Nats-Sequence']),
    data,
    storedAt: Date.parse(named['Nats-Time-Stamp'] ?? ''),
  };
}
