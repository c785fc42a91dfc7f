import type { JetStreamManager, StreamInfo } from '@nats-io/jetstream';
import { failure, type Status } from '../../../contracts/errors/status.ts';

/** A message that was heard: which one it is, tells the moment at which the server stored it. */
interface Heard {
  readonly sequence: number;
  readonly storedAt: number;
}

/** Messages heard that are remembered: where all are gone, nothing tells one stream from another. */
const HEARD_MAX = 16;

/** What the server says of a stream when it is asked. */
export type StreamState = Pick<StreamInfo, 'created' | 'state'>;

/** Is a stream the one that was seen before? `unknown`: of the newest messages that were heard of it none is kept any more. */
type Sameness = 'same' | 'unknown' | 'another';

/** What was seen of a stream, so that one which was restored or rolled back meanwhile is known as another. */
export class RollbackDetector {
  readonly #stream: string;
  readonly #onAlarm: (alarm: Status) => void;
  #created: string | undefined;
  #seen = 0;
  /** The newest last. */
  readonly #heard: Heard[] = [];
  #alarm: Status | undefined;

  /** @param onAlarm told once */
  constructor(stream: string, onAlarm: (alarm: Status) => void) {
    this.#stream = stream;
    this.#onAlarm = onAlarm;
  }

  /** Why nothing may be written: the store went back in time. */
  get alarm(): Status | undefined {
    return this.#alarm;
  }
  /** Newest sequence ever seen. */
  get seen(): number {
    return this.#seen;
  }
  /** The newest message heard since the last `begin`; 0 = none. */
  get heard(): number {
    return this.#heard.at(-1)?.sequence ?? 0;
  }

  /** The store has come as far as this. */
  saw(sequence: number): void {
    this.#seen = Math.max(this.#seen, sequence);
  }

  hear({ sequence, storedAt }: Heard): void {
    this.saw(sequence);
    this.#heard.push({ sequence, storedAt });
    if (this.#heard.length > HEARD_MAX) this.#heard.shift();
  }

  /** The list of this stream begins: no message is known to be in it. */
  begin({ created }: StreamState): void {
    this.#created = created;
    this.#heard.length = 0;
  }

  /**
   * The store says this of itself; it was asked when `seen` was `seenBefore`.
   * @returns whether it is another one, or went back
   */
  note({ created, state: { last_seq: last } }: StreamState, seenBefore: number): boolean {
    if (last < seenBefore) this.#raise(`its last revision is ${last}, ${seenBefore} was seen before`);
    else if (this.#created !== undefined && created !== this.#created)
      this.#raise(`its stream was made at ${created}, the one seen before at ${this.#created}`);
    else {
      this.saw(last);
      return false;
    }
    return true;
  }

  /** @param info of now, asked for when `seen` was `seenBefore` */
  async compare(info: StreamState, seenBefore: number, manager: JetStreamManager): Promise<Sameness> {
    if (this.note(info, seenBefore)) {
      this.#seen = info.state.last_seq;
      return 'another';
    }
    // A restored store may have been written to since, past what was seen here: then that revision is another message.
    for (const { sequence, storedAt } of this.#heard.toReversed()) {
      const message = await manager.streams.getMessage(this.#stream, { seq: sequence });
      if (message === null) continue; // its object is gone, or has changed often since
      if (Math.abs(message.time.getTime() - storedAt) <= 1) return 'same';
      this.#raise(`revision ${sequence} is not the message that was seen before`);
      return 'another';
    }
    return 'unknown';
  }

  #raise(finding: string): void {
    if (this.#alarm !== undefined) return;
    this.#alarm = failure(
      'ServiceUnavailable',
      `write to ${this.#stream}: the store went back in time (${finding}), it was restored or rolled back; restart the masters to accept its state`,
    );
    this.#onAlarm(this.#alarm);
  }
}
