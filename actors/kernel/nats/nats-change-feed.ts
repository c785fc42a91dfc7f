import type { StreamInfo } from '@nats-io/jetstream';
import type { Msg, ServerInfo, Subscription } from 'nats';
import type { ObjectChanges } from '../../../contracts/store/object-changes.ts';
import { ArrivedMessage } from './nats-arrived-message.ts';
import { findingOf, remedyOfGone } from './nats-error-text.ts';
import { guarded } from './nats-guarded-callback.ts';
import { type FedMessage, type Feed, type FeedOptions, OrderedFeed } from './nats-ordered-feed.ts';

export interface ChangeFeedOptions extends FeedOptions {
  readonly changes: ObjectChanges;
  /** Asks the stream what it says of itself. */
  readonly ask: () => Promise<StreamInfo>;
  /** Changes cannot be listened to; the consumer goes on bringing them. */
  readonly onRefused: (error: Error) => void;
  /** Not every change is told of where it should be: told just before it breaks of that. */
  readonly onMissed: () => void;
}

const LOOK_EVERY_MS = 1_000;
const UNANSWERED_MAX = 3;

/**
 * Does who listens to this stream's changes hear of every write before anybody can know that it was acknowledged? One
 * server sends both into each connection in that order; those of a cluster pass them on by ways of their own.
 */
export function tellsBeforeAcknowledging(
  server: ServerInfo | undefined,
  { config, cluster }: Pick<StreamInfo, 'config' | 'cluster'>,
  { republishedTo }: ObjectChanges,
): boolean {
  const alone = server !== undefined && !server.cluster && !cluster?.name && cluster?.leader === server.server_name;
  return alone && config.republish?.dest === republishedTo;
}

/**
 * An ordered consumer until it has caught up, and from then on what the server republishes: the same messages, earlier,
 * and without a consumer's work. Sequences without a gap show that nothing is missing; once a second the stream is asked
 * whether it has come further, and whether it still is what it was. Like the consumer, it never mends itself.
 */
export class ChangeFeed implements Feed {
  readonly #options: ChangeFeedOptions;
  #subscriptions: readonly Subscription[] = [];
  #ordered: OrderedFeed | undefined;
  #timer: NodeJS.Timeout | undefined;
  /** Sequence up to which everything was handed on. */
  #delivered = 0;
  /** Newest change heard while the consumer still brought them. */
  #passedBy = 0;
  #isAhead = false;
  #mayTakeOver = false;
  #refused = false;
  #ended = false;
  #looking = false;
  /** How far the stream was when it was asked last. */
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
    this.#subscriptions = changes.subjects.map((subject) => connection.subscribe(subject, { callback }));
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
    for (const subscription of this.#subscriptions) subscription.unsubscribe();
  }

  #break(why: string): void {
    if (this.#ended) return;
    this.close();
    this.#options.onBroken(why);
  }

  #miss(revision: number): void {
    if (this.#ended) return;
    this.#options.onMissed();
    this.#break(`revision ${revision} was not told of`);
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
    const message = republished(arrived, this.#options.stream);
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
    const told = tellsBeforeAcknowledging(connection.info, facts, changes);
    this.#mayTakeOver = told && !this.#refused;
    if (this.#isAhead) {
      if (!told) this.#break('its changes are not told of before they are acknowledged any more');
      else if (this.#delivered < this.#owed) this.#miss(this.#owed);
      this.#owed = facts.state.last_seq;
      return;
    }
    // On a quiet stream no message comes with which to take over. What it had when it was asked, the consumer has brought;
    // what came since arrives here, and passes by only while the consumer is behind.
    if (!this.#mayTakeOver || !(await this.drained()) || this.#ended || this.#isAhead) return;
    const reached = Math.max(this.#delivered, facts.state.last_seq);
    if (this.#passedBy > reached) return;
    this.#delivered = reached;
    this.#takeOver();
  }
}

/** @returns `undefined` for what is of another stream */
function republished(message: Msg, stream: string): FedMessage | undefined {
  // What was stored may have come from another stream, with that one's headers; the server adds its own behind.
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
